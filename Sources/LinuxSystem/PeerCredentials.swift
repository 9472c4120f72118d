internal import CLinux
internal import Glibc

/// Who is at the other end of a connected Unix socket, as the kernel noted it at connect; unix(7).
public struct PeerCredentials: Hashable, Sendable {
    /// The process, as numbered in this process's pid namespace; 0 where it has no number there.
    public let pid: Int32
    /// The effective user.
    public let uid: UInt32
    /// The effective group.
    public let gid: UInt32
    /// The supplementary groups; none where they could not be read (SO_PEERGROUPS).
    public let groups: [UInt32]

    /// Reads SO_PEERCRED.
    ///
    /// - Throws: the errno.
    public init(of socket: borrowing OwnedDescriptor) throws(Errno) {
        var peer = vipns_peer()
        let raw = socket.withRaw { $0 }
        try checked { unsafe vipns_peer_credentials(raw, &peer) }
        self.pid = peer.pid
        self.uid = peer.uid
        self.gid = peer.gid
        var groups = [UInt32](repeating: 0, count: 1024)
        var count = UInt32(groups.count)
        let status = unsafe vipns_peer_groups(raw, &groups, &count)
        self.groups = status == 0 ? Array(groups.prefix(Int(count))) : []
    }

    /// The peer's effective user alone, for who may have to refuse many.
    ///
    /// - Throws: the errno.
    public static func user(of socket: borrowing OwnedDescriptor) throws(Errno) -> UInt32 {
        var peer = vipns_peer()
        let raw = socket.withRaw { $0 }
        try checked { unsafe vipns_peer_credentials(raw, &peer) }
        return peer.uid
    }

    /// Reads SO_NETNS_COOKIE: which namespace the socket, or the client of an accepted connection, belongs to.
    ///
    /// - Throws: the errno; ENOPROTOOPT before Linux 5.14.
    public static func networkNamespaceCookie(of socket: borrowing OwnedDescriptor) throws(Errno) -> UInt64 {
        var cookie: UInt64 = 0
        let raw = socket.withRaw { $0 }
        try checked { unsafe vipns_netns_cookie(raw, &cookie) }
        return cookie
    }
}
