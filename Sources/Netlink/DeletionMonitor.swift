internal import CLinux
internal import Glibc
public import LinuxSystem

/// Hears of links, addresses and routes that are taken away, or links that are set down, in any numbered namespace.
///
/// One socket for all of them (netlink(7), NETLINK_LISTEN_ALL_NSID), with a filter that lets nothing else through: what
/// is made costs nobody a wake-up. A namespace that dies tells nothing here. Needs CAP_NET_BROADCAST; without it only the
/// socket's own namespace is heard.
public struct DeletionMonitor: ~Copyable {
    private let socket: NetlinkSocket

    /// Whether the calling thread may hear of other namespaces.
    public static var isPermitted: Bool { vipns_has_capability(11) == 1 }

    /// Opens it in the calling thread's namespace.
    ///
    /// - Throws: the errno.
    public init() throws(Errno) {
        let groups = [
            RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
        ]
        let socket = try NetlinkSocket(groups: groups.map { Int32($0.rawValue) })
        try checked { socket.withRaw { vipns_hear_losses($0) } }
        self.socket = socket
    }

    /// Lends the descriptor's number, for poll(2).
    public borrowing func withRaw<Result>(_ body: (Int32) -> Result) -> Result { socket.withRaw(body) }

    /// The numbers of the namespaces that lost something since the last call; the socket's own is not told.
    ///
    /// - Throws: ENOBUFS where some were lost.
    public borrowing func numbers() throws(Errno) -> Set<Int32> {
        var numbers: Set<Int32> = []
        // What is in a message does not matter, and one more octet than none tells that there was one.
        var octet: UInt8 = 0
        // Bounded: whoever makes and deletes without pause must not hold the caller here.
        for _ in 0..<10_000 {
            do throws(Errno) {
                var number: Int32 = -1
                try checked { socket.withRaw { unsafe vipns_receive_numbered($0, &octet, 1, &number) } }
                if number >= 0 { numbers.insert(number) }
            } catch .wouldBlock {
                break
            }
        }
        return numbers
    }
}
