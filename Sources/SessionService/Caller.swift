internal import Leasing
internal import LinuxSystem
internal import Varlink

/// Who asks, as the kernel tells it.
struct Caller: Sendable {
    /// The peer's user.
    let uid: UInt32
    /// Whether the peer is in the operators' group.
    let isOperator: Bool
    /// The namespace that the peer stands in.
    let cookie: UInt64?

    init(_ connection: VarlinkConnection, operators: UInt32?) {
        let peer = connection.peer
        uid = peer.uid
        isOperator = operators.map { peer.gid == $0 || peer.groups.contains($0) } ?? false
        cookie = connection.peerNamespaceCookie
    }

    /// Root may open and join.
    var isRoot: Bool { uid == 0 }

    /// Root and operators see and close all sessions, others their own.
    func maySee(_ lease: Lease) -> Bool { isRoot || isOperator || lease.uid == uid }
}
