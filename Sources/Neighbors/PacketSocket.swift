internal import CLinux
internal import Glibc
public import LinuxSystem

/// A socket that sends whole frames on any link of the namespace in which it was opened; packet(7).
///
/// It receives nothing (protocol 0), so it costs the kernel nothing while it waits; ``AddressProbes`` hears.
public struct PacketSocket: ~Copyable, Sendable {
    private let socket: OwnedDescriptor

    /// Opens the socket; needs CAP_NET_RAW.
    ///
    /// - Throws: the errno.
    public init() throws(Errno) { socket = try Self.open() }

    static func open() throws(Errno) -> OwnedDescriptor {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return OwnedDescriptor(adopting: try checked { Glibc.socket(AF_PACKET, type, 0) })
    }

    /// Sends one frame on the link of that index, as if that link had made it.
    ///
    /// - Throws: ENETDOWN where the link is down, ENXIO where there is none, ENOBUFS.
    public borrowing func send<Frame: EthernetFrame>(_ frame: Frame, onLink index: Int32) throws(Errno) {
        let raw = socket.withRaw { $0 }
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = Frame.etherType.bigEndian
        address.sll_ifindex = index
        let octets = frame.octets
        try checked {
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { destination in
                    unsafe sendto(
                        raw, octets, octets.count, Int32(MSG_NOSIGNAL), destination,
                        socklen_t(MemoryLayout<sockaddr_ll>.size))
                }
            }
        }
    }
}
