/// A 48-bit Ethernet address (IEEE 802), written `02:00:0a:01:00:07`.
public struct MACAddress: Hashable, Sendable {
    /// The six octets in transmission order.
    public let octets: [UInt8]

    /// Makes an address from its six octets; nil for any other count.
    public init?(octets: [UInt8]) {
        guard octets.count == 6 else { return nil }
        self.octets = octets
    }

    /// The address that a virtual IP keeps for ever: `02:`, one octet for the farm, then the IPv4 address.
    ///
    /// The neighbours' ARP entries so stay right when an address is granted again, and the kernel refuses a second link
    /// for the same address on one parent link. IPv6 has no room for the whole address: its octets are folded with
    /// FNV-1a (RFC 9923) into the last four.
    public init(virtualIP: IPAddress, farm: UInt8) {
        var tail = virtualIP.octets
        if virtualIP.family == .ipv6 {
            let hash = tail.reduce(UInt32(0x811c_9dc5)) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
            tail = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: hash >> UInt32($0)) }
        }
        self.octets = [0x02, farm] + tail
    }

    /// Whether the address is one that software may choose for a single host: locally administered and unicast.
    public var isLocalUnicast: Bool { octets[0] & 0b11 == 0b10 }
}

extension MACAddress: LosslessStringConvertible {
    /// Parses six colon-separated pairs of hexadecimal digits; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let octets = parts.compactMap { part in
            part.count == 2 && part.allSatisfy(\.isHexDigit) ? UInt8(part, radix: 16) : nil
        }
        guard parts.count == 6, octets.count == 6 else { return nil }
        self.init(octets: octets)
    }

    /// Six lower-case pairs joined by colons.
    public var description: String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
    }
}
