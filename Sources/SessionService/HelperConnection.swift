internal import Addressing
internal import Glibc
internal import HelperChannel
internal import LinuxSystem
internal import Synchronization

/// What the helper answered to one request: one answer, or the parts of a list, and the descriptor that came along.
struct HelperReply: Sendable {
    var parts: [HelperAnswer] = []
    var descriptor: DescriptorBox?
}

/// The service's end of the helper channel: many requests under way, answers matched by number.
///
/// The helper works through requests in the order of sending, so a request that was given up is done, or was never begun,
/// before the next one is. Only what waits for the ends of sessions is put in order by its urgency: counting and killing
/// before taking apart.
final class HelperConnection: Sendable {
    /// What the helper tells unasked.
    enum Event: Sendable {
        /// The namespace of this number is gone.
        case gone(UInt32)
        /// Somebody took a link, an address or a route away in the namespace of this number.
        case changed(UInt32)
        /// Another machine answers for an address.
        case claimed(IPAddress, MACAddress)
        /// Such events were lost.
        case overrun
        /// Not the helper's word: this process itself did nothing for so long.
        case stopped(Duration)
        /// The channel has ended: every request that was under way has failed.
        case lost
    }

    /// How long connecting and greeting may take.
    static let patience = Duration.seconds(5)
    /// How many requests may lie in the channel, where its buffer holds as many: the helper does at once what waits and is
    /// alike, and what lies there is done although nobody may wait for it any more.
    private static let window = 256

    private typealias Waiter = CheckedContinuation<Result<HelperReply, HelperFailure>, Never>

    private struct Pending {
        var reply = HelperReply()
        let isList: Bool
        var deadline: Int64
        let waiter: Waiter
    }

    private struct Unsent {
        let request: HelperRequest
        var deadline: Int64
        let waiter: Waiter
    }

    private struct State {
        var lastSequence: UInt32 = 0
        var pending: [UInt32: Pending] = [:]
        var unsent: [Unsent] = []
        var isLost = false
        /// When the helper last sent anything.
        var lastHeard = SystemClock.awakeMicroseconds()
        /// When overdue requests are looked for next.
        var nextLook: Int64 = .max
    }

    private let socket: OwnedDescriptor
    private let state = Mutex(State())
    private let loop: EventLoop
    private let watch = Mutex<EventLoop.Watch?>(nil)
    private let onEvent: @Sendable (Event) -> Void

    /// Connects, greets and starts to listen; blocks for `patience` at most.
    ///
    /// - Throws: in words, a `VersionMismatch` among them.
    init(
        path: String, loop: EventLoop, onEvent: @escaping @Sendable (Event) -> Void
    ) throws {
        let socket = try UnixSocket.connect(.seqpacket, to: path, timeout: Self.patience)
        try Self.greet(socket)
        try socket.setNonBlocking()
        self.socket = socket
        self.loop = loop
        self.onEvent = onEvent
    }

    private static func greet(_ socket: borrowing OwnedDescriptor) throws {
        let hello = try HelperRequest.hello(version: HelperProtocol.version).encoded(sequence: 1)
        _ = try UnixSocket.send(hello, on: socket)
        let octets = try UnixSocket.receive(limit: HelperProtocol.messageSize, on: socket).octets
        // The helper serves one service at a time and closes on any other.
        if octets.isEmpty {
            throw HelperFailure(errno: EBUSY, description: "it ended the connection (does it serve another vipnsd?)")
        }
        guard case .hello(let version) = try HelperAnswer.decode(octets).answer else { throw Errno.protocolError }
        guard version == HelperProtocol.version else {
            throw VersionMismatch(service: HelperProtocol.version, helper: version)
        }
    }

    /// Begins to take answers and events.
    ///
    /// The connection lives until the helper ends it.
    func start() {
        let watch = loop.watch(socket, for: .reading) { [self] in
            if !receiveAll() { self.watch.withLock { $0.take() }?.cancel() }
        } ended: { [self] in
            // Until here the watch keeps this object, and so the descriptor.
            extendLifetime(self)
        }
        self.watch.withLock { $0 = watch }
        giveUpOverdue()
    }

    /// Ends the channel: every request that is under way fails, and the helper may serve another connection.
    func close() {
        // The watch sees the end at once, and does what it does when the helper ends it.
        socket.withRaw { _ = shutdown($0, Int32(SHUT_RDWR)) }
    }

    /// Sends a request and waits for its answer.
    ///
    /// - Throws: what the helper said; ENOTCONN where the channel has ended, ETIMEDOUT where no answer came.
    func request(_ request: HelperRequest) async throws(HelperFailure) -> HelperReply {
        let result = await withCheckedContinuation { waiter in
            let refused = state.withLock { state -> Bool in
                if state.isLost { return true }
                let deadline = SystemClock.awakeMicroseconds() + Int64(request.patience.microseconds)
                state.unsent.append(Unsent(request: request, deadline: deadline, waiter: waiter))
                return false
            }
            if refused { waiter.resume(returning: .failure(.helperLost)) } else { sendWaiting() }
        }
        return try result.get()
    }

    /// Sends what the window and the socket's buffer have room for, in order; the rest with the next answers.
    private func sendWaiting() {
        let failed = state.withLock { state -> [Waiter] in
            var failed: [Waiter] = []
            while state.pending.count < Self.window, !state.unsent.isEmpty, !state.isLost {
                let next = state.unsent.removeFirst()
                let sequence = max(2, state.lastSequence &+ 1)
                do {
                    _ = try UnixSocket.send(next.request.encoded(sequence: sequence), on: socket)
                    state.lastSequence = sequence
                    state.pending[sequence] = Pending(
                        isList: next.request.isList,
                        deadline: next.deadline,
                        waiter: next.waiter)
                } catch let error as Errno where error == .wouldBlock {
                    state.unsent.insert(next, at: 0)
                    break
                } catch {
                    failed.append(next.waiter)
                }
            }
            return failed
        }
        for waiter in failed { waiter.resume(returning: .failure(.helperLost)) }
    }

    /// - Returns: whether the channel goes on.
    private func receiveAll() -> Bool {
        do {
            while try receiveOne() {}
            sendWaiting()
            return true
        } catch {
            // The helper has gone, or speaks something else than the protocol: both end the channel.
            lose()
            return false
        }
    }

    /// - Returns: whether there was one.
    private func receiveOne() throws -> Bool {
        guard let message = try receiveWaiting() else { return false }
        let octets = message.octets
        let lacksDescriptor = message.lacksDescriptor
        let descriptor = message.takeBox()
        if octets.isEmpty { throw Errno.connectionReset }
        var (sequence, answer) = try HelperAnswer.decode(octets)
        // The helper has done it, but the descriptor is lost: the caller rolls back.
        if lacksDescriptor { answer = .failed(.noDescriptor) }
        state.withLock { $0.lastHeard = SystemClock.awakeMicroseconds() }
        take(answer, sequence: sequence, descriptor: descriptor)
        return true
    }

    private func receiveWaiting() throws(Errno) -> ReceivedMessage? {
        do throws(Errno) {
            return try UnixSocket.receiveOctets(limit: HelperProtocol.messageSize, on: socket)
        } catch .wouldBlock {
            return nil
        }
    }

    private func take(_ answer: HelperAnswer, sequence: UInt32, descriptor: DescriptorBox?) {
        switch answer {
        case .gone(let number): onEvent(.gone(number))
        case .changed(let number): onEvent(.changed(number))
        case .claimed(let address, let mac): onEvent(.claimed(address, mac))
        case .overrun: onEvent(.overrun)
        case .members, .found, .audited, .pinned, .holders:
            state.withLock { $0.pending[sequence]?.reply.parts.append(answer) }
        case .failed(let failure):
            let pending = state.withLock { $0.pending.removeValue(forKey: sequence) }
            pending?.waiter.resume(returning: .failure(failure))
        case .done, .hello, .cookie, .count, .alive, .restored, .link:
            guard var pending = state.withLock({ $0.pending.removeValue(forKey: sequence) }) else { return }
            if !pending.isList { pending.reply.parts.append(answer) }
            pending.reply.descriptor = descriptor
            pending.waiter.resume(returning: .success(pending.reply))
        }
    }

    /// Whether the helper has sent anything in the last time: one that is busy with others' requests is not silent.
    func wasHeard(within time: Duration) -> Bool {
        SystemClock.awakeMicroseconds() - state.withLock { $0.lastHeard } < Int64(time.microseconds)
    }

    private static let lookEvery = Duration.milliseconds(250)

    /// Looks four times a second, until the channel ends.
    ///
    /// A look that comes late means that this process was stopped: for so long no answer could be taken.
    private func giveUpOverdue() {
        guard !state.withLock({ $0.isLost }) else { return }
        loop.perform(after: Self.lookEvery) { [self] in giveUpOverdue() }
        let now = SystemClock.awakeMicroseconds()
        let late = state.withLock { state in
            let late = now - state.nextLook
            state.nextLook = now + Int64(Self.lookEvery.microseconds)
            return late
        }
        if late > Self.stopMicroseconds { return forgive(late) }
        let overdue = state.withLock { state -> [Waiter] in
            let sequences = state.pending.filter { $0.value.deadline < now }.keys
            let sent = sequences.compactMap { state.pending.removeValue(forKey: $0)?.waiter }
            let unsent = state.unsent.filter { $0.deadline < now }.map(\.waiter)
            state.unsent.removeAll { $0.deadline < now }
            return sent + unsent
        }
        for waiter in overdue { waiter.resume(returning: .failure(.helperSilent)) }
        sendWaiting()
    }

    /// Later than this a look is not by load alone.
    private static let stopMicroseconds: Int64 = 1_000_000

    private func forgive(_ late: Int64) {
        state.withLock { state in
            for sequence in state.pending.keys { state.pending[sequence]?.deadline += late }
            for index in state.unsent.indices { state.unsent[index].deadline += late }
            state.lastHeard += late
        }
        onEvent(.stopped(.microseconds(late)))
    }

    private func lose() {
        let waiters = state.withLock { state -> [Waiter] in
            state.isLost = true
            defer {
                state.pending = [:]
                state.unsent = []
            }
            return state.pending.values.map(\.waiter) + state.unsent.map(\.waiter)
        }
        for waiter in waiters { waiter.resume(returning: .failure(.helperLost)) }
        onEvent(.lost)
    }
}

extension HelperRequest {
    /// How long its answer may take from the moment that it is asked for.
    ///
    /// A login waits for the first ones: a stopped helper may delay it by 2 s at most. The others work through all of
    /// /proc, or wait for a crowd of sessions to end.
    var patience: Duration {
        switch self {
        case .make, .connect, .join, .hello: .milliseconds(1500)
        // An audit is how the service hears that the helper works.
        case .audit: .milliseconds(2000)
        case .listen, .members, .kill, .dismantle, .unpin, .deleteLink, .list, .survey, .reload, .settle, .pin,
            .restore, .holders, .look:
            .seconds(10)
        }
    }

    /// Whether the answer comes in parts, closed by `done`.
    var isList: Bool {
        switch self {
        case .members, .list, .survey, .audit, .pin, .holders: true
        case .hello, .listen, .make, .connect, .join, .kill, .dismantle, .unpin, .deleteLink, .reload, .settle,
            .restore, .look:
            false
        }
    }
}

extension HelperFailure {
    static let helperLost = HelperFailure(errno: ENOTCONN, description: "the connection to vipns-helper has ended")
    static let noDescriptor = HelperFailure(
        errno: EMFILE, description: "cannot take a descriptor from vipns-helper: \(Errno(rawValue: EMFILE))")
    static let helperSilent = HelperFailure(errno: ETIMEDOUT, description: "vipns-helper does not answer")

    /// Whether the helper itself is missing, rather than unable to do one thing.
    var isAboutHelper: Bool { errno == ENOTCONN || errno == ETIMEDOUT }
}
