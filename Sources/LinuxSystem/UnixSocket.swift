internal import CLinux
internal import Glibc

/// What one message on a Unix socket brought: octets, and at most one descriptor.
public struct ReceivedMessage: ~Copyable {
    /// The octets; none means that the peer has closed.
    public let octets: [UInt8]
    /// The descriptor that came with them.
    public let descriptor: OwnedDescriptor?
    /// Whether one came that this process had no number free for, so that it is lost.
    public let lacksDescriptor: Bool

    /// Takes the message apart.
    public consuming func take() -> OwnedDescriptor? { descriptor }

    /// The descriptor that came, in a box that can be copied.
    public consuming func takeBox() -> DescriptorBox? {
        guard let descriptor = take() else { return nil }
        return DescriptorBox(descriptor)
    }
}

/// Unix sockets of both kinds: stream for clients, sequenced packets for the helper; unix(7).
///
/// A namespace of functions over ``OwnedDescriptor``; every descriptor is born close-on-exec.
public enum UnixSocket {
    /// The kind of socket.
    public enum Kind: Sendable {
        /// A stream of octets.
        case stream
        /// Messages that keep their bounds.
        case seqpacket
        /// Messages to a name, without a connection: the journal's kind; for ``connect(_:to:timeout:)`` alone.
        case datagram
    }

    private static func make(_ kind: Kind) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(
            adopting: try checked {
                switch kind {
                case .stream: vipns_socket_stream()
                case .seqpacket: vipns_socket_seqpacket()
                case .datagram: vipns_socket_datagram()
                }
            })
    }

    /// Connects to a path; connecting, sending and receiving are each bounded by `timeout`.
    ///
    /// - Throws: ECONNREFUSED and ENOENT where nobody listens, EAGAIN where the listener's backlog stayed full.
    public static func connect(
        _ kind: Kind, to path: String, timeout: Duration? = nil
    ) throws(Errno) -> OwnedDescriptor {
        let socket = try make(kind)
        let raw = socket.withRaw { $0 }
        if let timeout { try setTimeouts(timeout, on: socket) }
        try checked { unsafe vipns_unix_connect(raw, path) }
        return socket
    }

    /// Bounds every later blocking send and receive; socket(7), SO_SNDTIMEO and SO_RCVTIMEO.
    ///
    /// - Throws: the errno.
    public static func setTimeouts(_ timeout: Duration, on socket: borrowing OwnedDescriptor) throws(Errno) {
        let raw = socket.withRaw { $0 }
        try checked { vipns_socket_timeouts(raw, timeout.milliseconds) }
    }

    /// Binds a listener so that it replaces whatever the path named, in one step.
    ///
    /// With `refusingDescriptors` nobody can pass one (from Linux 6.16 on; before, whoever receives closes them, and may wait
    /// in that close as long as the sender likes: SO_LINGER).
    ///
    /// It is bound under a temporary name beside it and renamed over it: clients meet the old socket or the new one.
    /// - Throws: the errno of the step that failed; nothing is left behind then.
    public static func listen(
        _ kind: Kind, at path: String, mode: UInt32, group: UInt32? = nil, backlog: CInt = 4096,
        refusingDescriptors: Bool = false
    ) throws(Errno) -> OwnedDescriptor {
        let socket = try make(kind)
        let raw = socket.withRaw { $0 }
        if refusingDescriptors { _ = vipns_refuse_descriptors(raw) }
        let temporary = "\(path).\(getpid())"
        _ = unsafe unlink(temporary)
        try checked { unsafe vipns_unix_bind(raw, temporary) }
        do throws(Errno) {
            if let group { try checked { unsafe chown(temporary, UInt32.max, group) } }
            try checked { unsafe chmod(temporary, mode) }
            try checked { Glibc.listen(raw, backlog) }
            try checked { unsafe rename(temporary, path) }
        } catch {
            _ = unsafe unlink(temporary)
            throw error
        }
        return socket
    }

    /// Takes one waiting connection.
    ///
    /// - Throws: EAGAIN where none waits on a non-blocking listener, EMFILE.
    public static func accept(
        from listener: borrowing OwnedDescriptor, nonBlocking: Bool
    ) throws(Errno) -> OwnedDescriptor {
        let raw = listener.withRaw { $0 }
        return OwnedDescriptor(adopting: try checked { vipns_accept(raw, nonBlocking ? 1 : 0) })
    }

    /// Two connected sockets.
    ///
    /// - Throws: the errno.
    public static func pair(_ kind: Kind) throws(Errno) -> SocketPair {
        var ends: [CInt] = [-1, -1]
        try checked {
            unsafe kind == .stream ? vipns_socketpair_stream(&ends) : vipns_socketpair_seqpacket(&ends)
        }
        return SocketPair(first: OwnedDescriptor(adopting: ends[0]), second: OwnedDescriptor(adopting: ends[1]))
    }

    /// The two ends of ``pair(_:)``.
    public struct SocketPair: ~Copyable {
        /// One end.
        public var first: OwnedDescriptor
        /// The other.
        public var second: OwnedDescriptor

        /// Keeps the first end and closes the second, which a child has by now.
        public consuming func keepingFirst() -> OwnedDescriptor { first }
    }

    /// Sends octets, and with them `descriptor` where `passing` is not -1; never raises SIGPIPE.
    ///
    /// - Returns: how many octets were taken; a seqpacket takes all or none.
    /// - Throws: EAGAIN where the peer does not read, EPIPE where it is gone.
    public static func send(
        _ octets: some Collection<UInt8>, passing descriptor: CInt = -1, on socket: borrowing OwnedDescriptor
    ) throws(Errno) -> Int {
        let raw = socket.withRaw { $0 }
        let octets = ContiguousArray(octets)
        return try checked {
            unsafe octets.withUnsafeBytes { unsafe vipns_send(raw, $0.baseAddress, $0.count, descriptor) }
        }
    }

    /// Receives one message or what a stream holds, at most `limit` octets and one descriptor.
    ///
    /// - Throws: EMSGSIZE where more came: everything that came is then closed and lost; EMFILE where the descriptor is; EAGAIN.
    public static func receive(
        limit: Int, on socket: borrowing OwnedDescriptor
    ) throws(Errno) -> ReceivedMessage {
        let message = try receiveOctets(limit: limit, on: socket)
        if message.lacksDescriptor { throw Errno(rawValue: EMFILE) }
        return message
    }

    /// The same for those who have a use for the octets alone.
    public static func receiveOctets(
        limit: Int, on socket: borrowing OwnedDescriptor
    ) throws(Errno) -> ReceivedMessage {
        let raw = socket.withRaw { $0 }
        var passed: CInt = -1
        var count: CInt = 0
        var octets = [UInt8](repeating: 0, count: limit)
        let size = try checked { unsafe vipns_receive(raw, &octets, limit, &passed, 1, &count) }
        octets.removeLast(limit - size)
        return ReceivedMessage(
            octets: octets, descriptor: count == 1 ? OwnedDescriptor(adopting: passed) : nil, lacksDescriptor: count < 0
        )
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    public var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }

    /// Whole microseconds, rounded down.
    public var microseconds: Int {
        Int(components.seconds) * 1_000_000 + Int(components.attoseconds / 1_000_000_000_000)
    }
}
