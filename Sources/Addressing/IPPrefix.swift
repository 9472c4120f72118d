/// An address together with the length of its network part, written `10.1.0.0/24`.
public struct IPPrefix: Hashable, Sendable {
    /// Any address inside the network; host bits are kept as given.
    public let address: IPAddress
    /// Number of leading network bits: 0 to 32 or 0 to 128.
    public let length: Int

    /// Makes a prefix; nil where `length` does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        guard (0...address.family.bitWidth).contains(length) else { return nil }
        self.address = address
        self.length = length
    }

    /// The host part as ones: what separates the network's first address from its last.
    private var hostMask: UInt128 {
        let hostBits = address.family.bitWidth - length
        return hostBits == 128 ? UInt128.max : (1 << UInt128(hostBits)) - 1
    }

    /// The first address: the network's own in IPv4.
    public var first: IPAddress { address.replacingBits(address.bits & ~hostMask) }

    /// The last address: the broadcast address in IPv4.
    public var last: IPAddress { address.replacingBits(address.bits | hostMask) }

    /// All addresses of the network.
    public var range: IPRange { IPRange(uncheckedFirst: first, last: last) }

    /// Whether `candidate` lies inside the network.
    public func contains(_ candidate: IPAddress) -> Bool { range.contains(candidate) }

    /// Whether `gateway` is a neighbour on the network: inside of it, or link-local as IPv6 routers are.
    public func reaches(_ gateway: IPAddress) -> Bool {
        contains(gateway) || (address.family == .ipv6 && gateway.isLinkLocal)
    }
}

extension IPAddress {
    /// The same family with other bits, which must come from this family's own width.
    func replacingBits(_ bits: UInt128) -> IPAddress {
        family == .ipv4 ? IPAddress(ipv4: UInt32(truncatingIfNeeded: bits)) : IPAddress(ipv6: bits)
    }
}

extension IPPrefix: LosslessStringConvertible {
    /// Parses `ADDRESS/LENGTH`; nil for anything else, a sign or leading zero in the length included.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])), let length = Int(parts[1]),
            String(length) == parts[1]
        else { return nil }
        self.init(address, length: length)
    }

    /// `ADDRESS/LENGTH`, host bits kept.
    public var description: String { "\(address)/\(length)" }
}
