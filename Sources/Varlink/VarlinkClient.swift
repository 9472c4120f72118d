internal import LinuxSystem

/// A blocking Varlink client for one thread, as command-line programs need it.
///
/// The connection lives as long as the value. After any error but ``VarlinkClientError/reply(_:)`` it is of no use and
/// every call fails.
public final class VarlinkClient {
    /// The socket that was connected to.
    public let path: String
    /// How long a call may take where it says nothing else; nil waits without end.
    public let timeout: Duration?
    private let socket: OwnedDescriptor
    private var decoder: FrameDecoder
    private var isUsable = true

    /// Connects to the socket at `path`; connecting is bounded by `timeout`, too.
    ///
    /// - Throws: ``VarlinkClientError/cannotConnect(path:_:)``: ENOENT and ECONNREFUSED where no service listens, EAGAIN
    ///   where it accepts nobody.
    public init(
        path: String, timeout: Duration? = nil, maximumReplyOctets: Int = 1 << 20
    ) throws(VarlinkClientError) {
        do throws(Errno) {
            socket = try UnixSocket.connect(.stream, to: path, timeout: timeout)
        } catch {
            throw .cannotConnect(path: path, error)
        }
        self.path = path
        self.timeout = timeout
        self.decoder = FrameDecoder(maximumOctets: maximumReplyOctets)
    }

    /// Calls a method and waits for its one reply; `timeout` bounds the whole call.
    ///
    /// - Throws: ``VarlinkClientError``.
    public func call<Reply: Decodable>(
        _ method: String, _ parameters: some Encodable, as type: Reply.Type, timeout: Duration? = nil
    ) throws(VarlinkClientError) -> VarlinkAnswer<Reply> {
        let call = ClientCall(path: path, method: method, timeout: timeout ?? self.timeout)
        try send(call, parameters, more: false)
        let received = try receive(call, type)
        guard !received.continues else { throw give(up: call.malformed("more replies came than were asked for")) }
        return received.takeAnswer()
    }

    /// Calls a method with `more` and hands over every reply until the last, or until `body` returns false.
    ///
    /// `timeout` bounds the whole call; without it there is no bound. Stopping early leaves the connection of no use.
    /// - Throws: ``VarlinkClientError``, or what `body` throws.
    public func callMore<Reply: Decodable>(
        _ method: String, _ parameters: some Encodable, as type: Reply.Type, timeout: Duration? = nil,
        body: (consuming VarlinkAnswer<Reply>) throws -> Bool
    ) throws {
        let call = ClientCall(path: path, method: method, timeout: timeout)
        try send(call, parameters, more: true)
        isUsable = false
        while true {
            let received = try receive(call, type)
            let continues = received.continues
            guard try body(received.takeAnswer()) else { return }
            guard continues else { break }
        }
        isUsable = true
    }

    // MARK: - One message

    private func send(_ call: ClientCall, _ parameters: some Encodable, more: Bool) throws(VarlinkClientError) {
        guard isUsable else { throw .disconnected(path: path, method: call.method) }
        var octets: [UInt8]
        do {
            octets = try VarlinkCall.encode(method: call.method, parameters: parameters, more: more)
        } catch {
            throw call.malformed("the parameters cannot be encoded")
        }
        octets.append(0)
        var sent = 0
        do throws(Errno) {
            while sent < octets.count {
                // Zero would mean no bound at all.
                try UnixSocket.setTimeouts(call.remaining.map { max($0, .milliseconds(1)) } ?? .zero, on: socket)
                sent += try UnixSocket.send(octets[sent...], on: socket)
            }
        } catch {
            throw give(up: call.failure(error))
        }
    }

    private func receive<Reply: Decodable>(
        _ call: ClientCall, _ type: Reply.Type
    ) throws(VarlinkClientError) -> ReceivedReply<Reply> {
        var descriptor: OwnedDescriptor?
        while true {
            if let frame = try nextFrame(call) {
                return try decode(call, frame, type, descriptor: descriptor.take())
            }
            let message = try receivePart(call)
            let octets = message.octets
            decoder.feed(octets)
            // The kernel never joins octets that came after a descriptor to those that came with it, so what comes with
            // one begins the frame that is being gathered.
            if message.descriptor != nil {
                guard descriptor == nil else { throw give(up: call.malformed("two descriptors came with one reply")) }
                descriptor = message.take()
            }
            guard !octets.isEmpty else { throw give(up: .disconnected(path: path, method: call.method)) }
        }
    }

    private func nextFrame(_ call: ClientCall) throws(VarlinkClientError) -> [UInt8]? {
        do throws(FrameDecoder.Failure) {
            return try decoder.next()
        } catch {
            switch error {
            case .tooLong(let maximum): throw give(up: call.malformed("the reply is longer than \(maximum) octets"))
            case .empty: throw give(up: call.malformed("an empty message came"))
            }
        }
    }

    private func receivePart(_ call: ClientCall) throws(VarlinkClientError) -> ReceivedMessage {
        guard socket.isReadable(within: call.remainingMilliseconds) else {
            throw give(up: .timedOut(path: path, method: call.method))
        }
        do throws(Errno) {
            return try UnixSocket.receive(limit: 16 << 10, on: socket)
        } catch {
            throw give(up: call.failure(error))
        }
    }

    private func decode<Reply: Decodable>(
        _ call: ClientCall, _ frame: [UInt8], _ type: Reply.Type, descriptor: consuming OwnedDescriptor?
    ) throws(VarlinkClientError) -> ReceivedReply<Reply> {
        guard FrameBounds.reply.permit(frame) else { throw give(up: call.malformed("the reply is nested too deep")) }
        let envelope: ReplyEnvelope<Reply>
        do {
            envelope = try JSONText.decode(ReplyEnvelope<Reply>.self, from: frame)
        } catch let error as DecodingError {
            throw give(up: call.malformed("'\(error.parameterName)' of the reply does not fit"))
        } catch {
            throw give(up: call.malformed("the reply cannot be decoded"))
        }
        switch envelope.content {
        case .error(let name):
            isUsable = true
            throw .reply(VarlinkErrorReply(name: name, received: frame))
        case .parameters(let parameters):
            return ReceivedReply(
                answer: VarlinkAnswer(parameters, descriptor: descriptor), continues: envelope.continues)
        }
    }

    private func give(up error: VarlinkClientError) -> VarlinkClientError {
        isUsable = false
        return error
    }
}

/// A reply and whether more follow.
private struct ReceivedReply<Reply>: ~Copyable {
    let answer: VarlinkAnswer<Reply>
    let continues: Bool

    consuming func takeAnswer() -> VarlinkAnswer<Reply> { answer }
}

/// What one call needs for its errors, and when it must be over.
private struct ClientCall {
    let path: String
    let method: String
    /// Microseconds since boot; nil where there is no bound.
    private let deadline: Int64?

    init(path: String, method: String, timeout: Duration?) {
        self.path = path
        self.method = method
        deadline = timeout.map { SystemClock.bootTimeMicroseconds() + Int64($0.microseconds) }
    }

    /// What is left of the time.
    var remaining: Duration? {
        deadline.map { .microseconds(max(0, $0 - SystemClock.bootTimeMicroseconds())) }
    }

    /// For poll(2): rounded up, so that the last part of a millisecond is not spent in a loop; -1 without a bound.
    var remainingMilliseconds: CInt {
        remaining.map { CInt(clamping: ($0.microseconds + 999) / 1000) } ?? -1
    }

    func malformed(_ reason: String) -> VarlinkClientError {
        .malformed(path: path, method: method, reason: reason)
    }

    func failure(_ cause: Errno) -> VarlinkClientError {
        switch cause {
        case .wouldBlock: .timedOut(path: path, method: method)
        case .brokenPipe, .connectionReset: .disconnected(path: path, method: method)
        default: .failed(path: path, method: method, cause)
        }
    }
}
