public import Addressing
internal import CLinux

/// An Ethernet frame with a message of Neighbor Discovery for IPv6; RFC 4861.
public struct NDFrame: EthernetFrame, Hashable {
    /// IPv6.
    public static let etherType = UInt16(ETH_P_IPV6)
    /// The 86 octets, without checksum of the frame.
    public let octets: [UInt8]

    /// All nodes of the link; RFC 4291 §2.7.1.
    private static let everybody = IPAddress(ipv6: 0xff02 << 112 | 1)

    /// Tells everybody on the LAN which MAC address now has `address`: an unsolicited advertisement; RFC 4861 §7.2.6.
    ///
    /// Who has another MAC address for it takes this one (override); who has none learns nothing.
    /// - Returns: nil for IPv4.
    public static func announcement(of address: IPAddress, at mac: MACAddress) -> NDFrame? {
        // Type 136, override, option 2: the target's link-layer address.
        let message = [136, 0, 0, 0, 0x20, 0, 0, 0] + address.octets + [2, 1] + mac.octets
        return NDFrame(message, from: address, at: mac, to: everybody)
    }

    /// Asks the LAN who has `target`, from `sender`, so that the answerer also learns where `sender` is; RFC 4861 §7.2.2.
    ///
    /// - Returns: nil for IPv4.
    public static func solicitation(for target: IPAddress, from sender: IPAddress, at mac: MACAddress) -> NDFrame? {
        guard let group = target.solicitedNodeGroup else { return nil }
        // Type 135, option 1: the source's link-layer address.
        let message = [135, 0, 0, 0, 0, 0, 0, 0] + target.octets + [1, 1] + mac.octets
        return NDFrame(message, from: sender, at: mac, to: group)
    }

    /// Puts headers before an ICMPv6 message, whose checksum is still 0, to a group of the link.
    init?(_ message: [UInt8], from source: IPAddress, at mac: MACAddress, to group: IPAddress) {
        guard source.family == .ipv6, group.family == .ipv6 else { return nil }
        var message = message
        let checksum = Self.checksum(of: message, from: source, to: group)
        message.replaceSubrange(2..<4, with: [UInt8(checksum >> 8), UInt8(truncatingIfNeeded: checksum)])
        // RFC 2464 §7: 33:33 and the last four octets of the group.
        let ethernet = [0x33, 0x33] + group.octets.suffix(4) + mac.octets + [0x86, 0xdd]
        // Version 6, the message's size, ICMPv6, and the hop limit that no router lets through; RFC 8200 §3.
        let header: [UInt8] = [0x60, 0, 0, 0, 0, UInt8(truncatingIfNeeded: message.count), 58, 255]
        octets = ethernet + header + source.octets + group.octets + message
    }

    /// The ones' complement sum over the pseudo-header and the message; RFC 8200 §8.1.
    private static func checksum(of message: [UInt8], from source: IPAddress, to target: IPAddress) -> UInt16 {
        let length = UInt8(truncatingIfNeeded: message.count)
        let summed = source.octets + target.octets + [0, 0, 0, length, 0, 0, 0, 58] + message
        var sum = UInt32(0)
        for (index, octet) in summed.enumerated() { sum += UInt32(octet) << (index % 2 == 0 ? 8 : 0) }
        while sum > 0xffff { sum = sum >> 16 + sum & 0xffff }
        return ~UInt16(truncatingIfNeeded: sum)
    }
}
