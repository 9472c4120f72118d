internal import CLinux
internal import CMnl
internal import Glibc
public import LinuxSystem
internal import Synchronization

/// A netlink socket; it acts for life in the namespace in which it was opened, whichever thread uses it; netlink(7).
///
/// Not safe for use by two threads at once. Sound because libmnl's socket is owned here alone and closed once.
@safe public struct NetlinkSocket: ~Copyable, @unchecked Sendable {
    private let socket: OpaquePointer
    /// The next request's first number.
    private let sequence = Atomic<UInt32>(1)

    /// The protocols that vipns speaks.
    public enum Family: Sendable {
        /// rtnetlink(7): links, addresses, routes, namespace numbers.
        case route
        /// sock_diag(7): sockets of a namespace.
        case socketDiagnosis
    }

    /// Opens a socket in the calling thread's namespace and subscribes it to multicast `groups`.
    ///
    /// Answers are awaited for 5 s at most; the kernel gives them while the request is being sent. `isStrict`: the kernel
    /// heeds what a dump is asked to leave out (NETLINK_GET_STRICT_CHK, 4.20), and refuses what it does not know.
    /// - Throws: the errno.
    public init(_ family: Family = .route, groups: [Int32] = [], isStrict: Bool = false) throws(Errno) {
        let bus = family == .route ? NETLINK_ROUTE : NETLINK_SOCK_DIAG
        guard let socket = unsafe mnl_socket_open2(bus, Int32(SOCK_CLOEXEC.rawValue)) else { throw Errno.current }
        do throws(Errno) {
            try checked { unsafe mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) }
            let raw = unsafe mnl_socket_get_fd(socket)
            // Both since 4.12: the kernel's reasons in words, and no copy of the refused request.
            var on: Int32 = 1
            for option in [NETLINK_EXT_ACK, NETLINK_CAP_ACK] {
                _ = unsafe mnl_socket_setsockopt(socket, option, &on, 4)
            }
            if isStrict { try checked { unsafe mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, 4) } }
            for var group in groups {
                try checked { unsafe mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, 4) }
            }
            if groups.isEmpty { try checked { vipns_socket_timeouts(raw, 5000) } }
        } catch {
            _ = unsafe mnl_socket_close(socket)
            throw error
        }
        unsafe self.socket = socket
    }

    deinit { _ = unsafe mnl_socket_close(socket) }

    /// Lends the descriptor's number, for poll(2).
    public borrowing func withRaw<Result>(_ body: (Int32) -> Result) -> Result {
        body(unsafe mnl_socket_get_fd(socket))
    }

    /// Makes room for so many octets of events that wait; beyond the system's limit by CAP_NET_ADMIN.
    ///
    /// - Throws: the errno.
    public borrowing func setReceiveBuffer(octets: Int32) throws(Errno) {
        try checked { withRaw { vipns_set_receive_buffer($0, octets) } }
    }

    /// Sends all messages of `request` in one datagram and waits for every acknowledgement.
    ///
    /// The kernel goes on after a refused message, so several may be refused. `accepting` lists errors that are as good
    /// as success, for requests that may run twice.
    /// - Throws: the first refusal.
    public borrowing func perform(
        _ request: borrowing NetlinkRequest, accepting: Set<Errno> = []
    ) throws(NetlinkError) {
        let outcomes = try acknowledgements(of: request)
        for (purpose, outcome) in zip(request.purposes, outcomes) {
            guard let refusal = outcome, !accepting.contains(refusal.errno) else { continue }
            throw NetlinkError(operation: purpose, errno: refusal.errno, kernelText: refusal.kernelText)
        }
    }

    /// One message's refusal.
    struct Refusal {
        let errno: Errno
        let kernelText: String?
    }

    /// Sends `request` and gives each message's outcome in order: nil where it was done.
    borrowing func acknowledgements(of request: borrowing NetlinkRequest) throws(NetlinkError) -> [Refusal?] {
        let count = request.purposes.count
        let purpose = request.purposes.first ?? "send a netlink request"
        var outcomes = [Refusal??](repeating: nil, count: count)
        do throws(Errno) {
            let first = try send(request)
            var missing = count
            while missing > 0 {
                for message in try receive() {
                    // Only the answers to this very request: an earlier one may have been given up while answers waited.
                    let index = Int(message.sequence &- first)
                    guard let answer = message.acknowledgement, (0..<count).contains(index) else { continue }
                    if outcomes[index] == nil { missing -= 1 }
                    outcomes[index] =
                        answer.error == 0
                        ? .some(nil) : Refusal(errno: Errno(rawValue: answer.error), kernelText: answer.text)
                }
            }
        } catch {
            throw NetlinkError(operation: purpose, errno: error)
        }
        return outcomes.map { $0 ?? nil }
    }

    /// Sends a dump request and hands every message of the answer to `body`.
    ///
    /// A dump that changed under way is asked for again, five times at most: `body` gets `true` when it must forget what
    /// it has.
    /// - Throws: the kernel's refusal, or EAGAIN where the dump never was consistent.
    public borrowing func dump(
        _ request: borrowing NetlinkRequest, _ body: (NetlinkMessage) -> Void, restart: () -> Void
    ) throws(NetlinkError) {
        let purpose = request.purposes.first ?? "dump"
        for _ in 0..<5 {
            do throws(Errno) {
                let sequence = try send(request)
                if try receiveDump(sequence, body) { return }
            } catch {
                throw NetlinkError(operation: purpose, errno: error)
            }
            restart()
        }
        throw NetlinkError(operation: purpose, errno: .wouldBlock)
    }

    /// - Returns: whether the dump is consistent.
    private borrowing func receiveDump(
        _ sequence: UInt32, _ body: (NetlinkMessage) -> Void
    ) throws(Errno) -> Bool {
        var consistent = true
        while true {
            for message in try receive() where message.sequence == sequence {
                if message.flags & UInt16(NLM_F_DUMP_INTR) != 0 { consistent = false }
                if message.type == UInt16(NLMSG_DONE) {
                    // A dump that fails is not refused with NLMSG_ERROR: its end carries the negative errno.
                    let status = message.body.number(at: 0, Int32.self) ?? 0
                    if status < 0 { throw Errno(rawValue: 0 &- status) }
                    return consistent
                }
                if let answer = message.acknowledgement {
                    if answer.error != 0 { throw Errno(rawValue: answer.error) }
                    return consistent
                }
                body(message)
            }
        }
    }

    /// - Returns: the number of the request's first message; the others follow.
    borrowing func send(_ request: borrowing NetlinkRequest) throws(Errno) -> UInt32 {
        if request.isTooLarge { throw .messageSize }
        let count = UInt32(request.purposes.count)
        let first = sequence.wrappingAdd(count, ordering: .relaxed).oldValue
        request.number(from: first)
        try unsafe request.withOctets { (octets) throws(Errno) in
            _ = try checked { unsafe mnl_socket_sendto(socket, octets.baseAddress, octets.count) }
        }
        return first
    }

    /// Receives one datagram where one waits, as ``receive()`` does; else gives nil.
    public borrowing func receiveWaiting() throws(Errno) -> [NetlinkMessage]? {
        var entry = pollfd(fd: withRaw { $0 }, events: Int16(POLLIN), revents: 0)
        return try checked { unsafe poll(&entry, 1, 0) } > 0 ? try receive() : nil
    }

    /// Receives one datagram and takes it apart.
    ///
    /// - Throws: ENOBUFS where events were lost, EAGAIN, EPROTO where the datagram is malformed.
    public borrowing func receive() throws(Errno) -> [NetlinkMessage] {
        var buffer = [UInt8](repeating: 0, count: 32_768)
        let size = try checked { unsafe mnl_socket_recvfrom(socket, &buffer, buffer.count) }
        guard let messages = NetlinkMessage.split(Array(buffer[..<size])) else { throw .protocolError }
        return messages
    }
}
