internal import CLinux
internal import CPAM

/// A connection to the session service, every step of which is bounded by one deadline.
struct Connection: ~Copyable {
    private let socket: Descriptor
    private let deadline: Deadline

    /// Connects to the socket at `path`.
    ///
    /// A blocking connect with SO_SNDTIMEO: where the service's backlog is full, a non-blocking one says EAGAIN at once and
    /// gives nothing to wait for, and a blocking one without it waits for ever.
    /// - Throws: ``Failure/connect(_:)``.
    init(to path: CText, before deadline: Deadline) throws(Failure) {
        let socket = Descriptor(adopting: vipns_socket_stream())
        guard socket.isThere else { throw .connect(vipns_errno()) }
        while true {
            guard Self.setTimeouts(socket, deadline) else { throw .connect(ETIMEDOUT) }
            if unsafe vipns_unix_connect(socket.raw, path.pointer) == 0 { break }
            switch vipns_errno() {
            case EINTR, EAGAIN: continue
            case let error: throw .connect(error)
            }
        }
        self.socket = socket
        self.deadline = deadline
    }

    /// Bounds the next call by what is left; false where nothing is.
    private static func setTimeouts(_ socket: borrowing Descriptor, _ deadline: Deadline) -> Bool {
        let left = deadline.remainingMilliseconds
        // 0 would mean no limit at all.
        return left > 0 && vipns_socket_timeouts(socket.raw, left) == 0
    }

    /// Sends a request and waits for its answer, at most ``ReplyReader/octetLimit`` octets, and the descriptor with it.
    ///
    /// - Throws: ``Failure/answer(_:)``, ``Failure/malformed(_:)``, ``Failure/noMemory``.
    func call(_ request: borrowing OctetBuffer) throws(Failure) -> Answer {
        try send(request)
        var octets = try OctetBuffer(capacity: ReplyReader.octetLimit)
        var descriptor = Descriptor.none
        while true {
            guard Self.setTimeouts(socket, deadline) else { throw .answer(ETIMEDOUT) }
            let start = octets.count
            var passed: CInt = -1
            var count: CInt = 0
            let got = unsafe octets.fill { memory, room in
                unsafe vipns_receive(socket.raw, memory, room, &passed, 1, &count)
            }
            let error = vipns_errno()
            if count == 1 {
                // Owned before anything can fail.
                let another = Descriptor(adopting: passed)
                if descriptor.isThere { throw .malformed("more than one descriptor came with it") }
                descriptor = another
            }
            if count < 0 { throw .answer(EMFILE) }
            guard got > 0 else {
                try Self.judge(got, error, isFull: start == ReplyReader.octetLimit)
                continue
            }
            if try Self.ends(&octets, from: start) { return Answer(octets: octets, descriptor: descriptor) }
        }
    }

    /// Why nothing came; returns where it is worth waiting on.
    private static func judge(_ got: Int, _ error: CInt, isFull: Bool) throws(Failure) {
        if isFull { throw .malformed("it is longer than 16 KiB") }
        if got == 0 { throw .answer(ECONNRESET) }
        switch error {
        case EINTR, EAGAIN: return
        case EMSGSIZE: throw .malformed("more descriptors came with it than can be taken")
        default: throw .answer(error)
        }
    }

    /// Whether the NUL that ends an answer has come, as the last octet; takes it off.
    private static func ends(_ octets: inout OctetBuffer, from start: Int) throws(Failure) -> Bool {
        var index = start
        while index < octets.count {
            if octets[index] == 0 {
                guard index == octets.count &- 1 else { throw .malformed("something follows it") }
                octets.truncate(to: index)
                return true
            }
            index &+= 1
        }
        return false
    }

    private func send(_ request: borrowing OctetBuffer) throws(Failure) {
        var sent = 0
        while sent < request.count {
            guard Self.setTimeouts(socket, deadline) else { throw .answer(ETIMEDOUT) }
            let taken = unsafe request.withOctets { start, count in
                unsafe vipns_send(socket.raw, start + sent, count &- sent, -1)
            }
            let error = vipns_errno()
            if taken > 0 {
                sent &+= taken
            } else if taken < 0 && error != EINTR && error != EAGAIN {
                throw .answer(error)
            }
        }
    }
}

/// What came back for a request.
struct Answer: ~Copyable {
    /// The frame, without its NUL.
    var octets: OctetBuffer
    /// The descriptor that came with it, or none.
    var descriptor: Descriptor

    /// Reads the frame, which must have come without a descriptor.
    ///
    /// - Throws: ``Failure/malformed(_:)``.
    consuming func readWithoutDescriptor() throws(Failure) -> Reply {
        let reply = try ReplyReader.read(octets)
        if descriptor.isThere { throw .malformed("a descriptor came with it that was not asked for") }
        return reply
    }
}
