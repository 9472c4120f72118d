public import Addressing
internal import CLinux

/// An Ethernet frame with an ARP packet for IPv4; RFC 826, RFC 5227.
public struct ARPFrame: EthernetFrame, Hashable {
    /// ARP.
    public static let etherType = UInt16(ETH_P_ARP)
    /// Of a frame, in octets, without padding and checksum.
    static let size = 42
    /// The 42 octets, without padding and checksum.
    public let octets: [UInt8]

    /// Tells everybody on the LAN which MAC address now has `address`: a gratuitous request; RFC 5227 §2.3.
    ///
    /// - Returns: nil for IPv6.
    public static func announcement(of address: IPAddress, at mac: MACAddress) -> ARPFrame? {
        ARPFrame(sender: address, mac: mac, target: address)
    }

    /// Asks the LAN who has `target`, from `sender`, so that the answerer also learns where `sender` is.
    ///
    /// - Returns: nil for IPv6.
    public static func request(for target: IPAddress, from sender: IPAddress, at mac: MACAddress) -> ARPFrame? {
        ARPFrame(sender: sender, mac: mac, target: target)
    }

    /// Asks the LAN whether anybody has `address`, without telling that somebody is about to; RFC 5227 §2.1.1.
    ///
    /// - Parameter mac: where the answer goes.
    /// - Returns: nil for IPv6.
    public static func probe(for address: IPAddress, from mac: MACAddress) -> ARPFrame? {
        ARPFrame(sender: IPAddress(ipv4: 0), mac: mac, target: address)
    }

    private init?(sender: IPAddress, mac: MACAddress, target: IPAddress) {
        guard sender.family == .ipv4, target.family == .ipv4 else { return nil }
        let broadcast = [UInt8](repeating: 0xff, count: 6)
        let unknown = [UInt8](repeating: 0, count: 6)
        let ethernet = broadcast + mac.octets + [0x08, 0x06]
        // Hardware type Ethernet, protocol type IPv4, their address sizes, operation "request".
        let header: [UInt8] = [0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x01]
        octets = ethernet + header + mac.octets + sender.octets + unknown + target.octets
    }
}
