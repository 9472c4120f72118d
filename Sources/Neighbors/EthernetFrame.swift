/// A whole Ethernet frame, without padding and checksum, of one of the neighbour protocols.
public protocol EthernetFrame: Sendable {
    /// What the frame carries: an `ETH_P_` number of `linux/if_ether.h`.
    static var etherType: UInt16 { get }
    /// The frame, from the destination's MAC address on.
    var octets: [UInt8] { get }
}
