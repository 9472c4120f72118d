public import Addressing
internal import CLinux
internal import Glibc
public import LinuxSystem

/// TCP sockets of one namespace, listed and destroyed; sock_diag(7).
///
/// Opened inside the namespace, used from any thread.
public struct SocketDiagnosis: ~Copyable {
    private let socket: NetlinkSocket

    /// Opens the socket in the calling thread's namespace.
    ///
    /// - Throws: the errno.
    public init() throws(Errno) { socket = try NetlinkSocket(.socketDiagnosis) }

    /// Destroys every TCP socket of a family that has a peer or waits for one, but those in TIME-WAIT, which hold nothing:
    /// peers get a reset.
    ///
    /// To list a family the kernel walks through the sockets of all namespaces. An orphan in FIN-WAIT with unsent data keeps
    /// a namespace, and its address, alive with no process at all.
    /// Needs CAP_NET_ADMIN and a kernel with CONFIG_INET_DIAG_DESTROY.
    /// - Throws: EOPNOTSUPP where the kernel cannot.
    public borrowing func destroyTCP(_ family: IPAddress.Family) throws(NetlinkError) {
        let family = family.kernelValue
        for found in try list(family: family) {
            var request = NetlinkRequest(capacity: 256)
            request.begin(
                type: UInt16(SOCK_DESTROY), flags: acknowledged, purpose: "destroy a TCP socket of the session")
            request.putHeader(Self.header(family: family, states: UInt32.max, id: found))
            // Gone by itself between the listing and here is as good.
            try socket.perform(request, accepting: [Errno(rawValue: ENOENT)])
        }
    }

    private borrowing func list(family: UInt8) throws(NetlinkError) -> [inet_diag_sockid] {
        var request = NetlinkRequest(capacity: 256)
        request.begin(
            type: UInt16(SOCK_DIAG_BY_FAMILY), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), purpose: "list TCP sockets")
        // Bit 6 is TCP_TIME_WAIT, bit 12 TCP_NEW_SYN_RECV; include/net/tcp_states.h. Bit 13, TCP_BOUND_INACTIVE, is a socket
        // with a port and without a peer, which only a descriptor holds: nothing to destroy, and a quarter of the time (0.23 ms
        // with, 0.16 without; Linux 6.18, 65,536 buckets of ports).
        let states = UInt32.max & ~(1 << 6) & ~(1 << 12) & ~(1 << 13)
        request.putHeader(Self.header(family: family, states: states, id: inet_diag_sockid()))
        var found: [inet_diag_sockid] = []
        try socket.dump(request) { message in
            if let id = Self.id(in: message) { found.append(id) }
        } restart: {
            found = []
        }
        return found
    }

    /// Which socket an answer is about, out of its struct inet_diag_msg; nil where it is too short.
    static func id(in message: NetlinkMessage) -> inet_diag_sockid? {
        // After family, state, timer and retransmissions, an octet each.
        let octets = message.body.dropFirst(4).prefix(MemoryLayout<inet_diag_sockid>.size)
        guard octets.count == MemoryLayout<inet_diag_sockid>.size else { return nil }
        // Sound: exactly the structure's size, and every bit pattern is a valid inet_diag_sockid.
        return unsafe Array(octets).withUnsafeBytes { unsafe $0.loadUnaligned(as: inet_diag_sockid.self) }
    }

    private static func header(family: UInt8, states: UInt32, id: inet_diag_sockid) -> inet_diag_req_v2 {
        var header = inet_diag_req_v2()
        header.sdiag_family = family
        header.sdiag_protocol = UInt8(IPPROTO_TCP)
        header.idiag_states = states
        header.id = id
        return header
    }
}
