internal import LinuxSystem
internal import Synchronization

/// How much is read at once: most requests fit, and it is quickly cleared.
private let chunkOctets = 8 << 10

/// Reading and writing. Reading happens on the server's loop only, writing on any thread under the lock.
extension VarlinkConnection {
    /// Reads what is there; what remains makes the watch fire again, after other connections had their turn.
    func readable() {
        guard let socket = state.withLock({ $0.isClosing ? nil : $0.socket }) else { return }
        do throws(Errno) {
            let message = try UnixSocket.receive(limit: chunkOctets, on: socket.descriptor)
            let octets = message.octets
            // No method takes a descriptor: one that comes is closed here, and the client with it.
            guard message.take() == nil, !octets.isEmpty else { return close() }
            received(octets)
        } catch .wouldBlock {
            return
        } catch {
            close()
        }
    }

    private func received(_ octets: [UInt8]) {
        enum Next {
            case wait(withDeadline: Bool)
            case answer
            case refuse
        }
        let next = state.withLock { state -> Next in
            guard state.take(octets, limits: server.limits) else { return .refuse }
            guard !state.waiting.isEmpty, !state.isAnswering else {
                return .wait(withDeadline: state.requestDeadline != nil)
            }
            state.isAnswering = true
            return .answer
        }
        switch next {
        case .refuse: close()
        case .wait(let withDeadline):
            if withDeadline { server.superviseDeadlines() }
        case .answer:
            server.superviseDeadlines(if: state.withLock { $0.requestDeadline != nil })
            Task.immediate(executorPreference: server.loop) { await answerWaitingCalls() }
        }
    }

    /// Sends a frame as far as the socket takes it and keeps the rest; takes ownership of `descriptor`.
    ///
    /// - Throws: that the connection is closed, also because too much waits already, or that the frame is too long.
    func send(_ octets: [UInt8], passing descriptor: consuming OwnedDescriptor?) throws(VarlinkSendError) {
        let limits = server.limits
        guard octets.count <= limits.replyOctets else { throw .replyTooLong(maximumOctets: limits.replyOctets) }
        let frame = OutgoingFrame(octets, passing: descriptor)
        let flushed = state.withLock { state -> ConnectionState.Flushed in
            guard !state.isClosing else { return .failed }
            state.output.append(frame)
            let flushed = state.output.count > 1 ? .some : state.flush(patience: limits.patience)
            guard flushed == .some else { return flushed }
            guard state.output.reduce(0, { $0 + $1.remaining }) <= limits.queuedOctets else { return .failed }
            if state.writing == nil, let socket = state.socket {
                state.writing = watch(.writing, socket, &state) { self.writable() }
            }
            return .some
        }
        switch flushed {
        case .everything: return
        case .some: server.superviseDeadlines()
        case .failed:
            close()
            throw .connectionClosed
        }
    }

    private func writable() {
        let (flushed, waiters) = state.withLock { state in
            guard !state.isClosing else { return (ConnectionState.Flushed.some, [CheckedContinuation<Void, Never>]()) }
            let flushed = state.flush(patience: server.limits.patience)
            guard flushed == .everything else { return (flushed, []) }
            state.writing?.cancel()
            state.writing = nil
            let waiters = state.drainWaiters
            state.drainWaiters = []
            return (flushed, waiters)
        }
        waiters.forEach { $0.resume() }
        if flushed == .failed { close() }
    }

    /// Waits until the socket has taken all that was sent.
    func waitUntilSent() async throws(VarlinkSendError) {
        if state.withLock({ !$0.output.isEmpty && !$0.isClosing }) {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    let isOver = state.output.isEmpty || state.isClosing
                    if !isOver { state.drainWaiters.append(continuation) }
                    return isOver
                }
                if isOver { continuation.resume() }
            }
        }
        guard !isClosed else { throw .connectionClosed }
    }
}
