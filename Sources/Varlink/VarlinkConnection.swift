public import LinuxSystem
internal import Synchronization

/// A client's connection, from accept(2) until its descriptor is closed.
///
/// Calls are answered one after another in the order in which they came. The client's end is noticed while a handler is
/// waiting, too. A client that shuts down its sending side counts as gone.
public final class VarlinkConnection: Sendable {
    /// Tells this connection from every other of this server.
    public let number: UInt64
    /// Who connected, as the kernel noted it.
    public let peer: PeerCredentials
    /// The network namespace that the client connected from, SO_NETNS_COOKIE; nil before Linux 5.14.
    public let peerNamespaceCookie: UInt64?

    let server: VarlinkServer
    let state: Mutex<ConnectionState>
    /// When it was there, in microseconds since boot.
    private let acceptedAt: Int64

    init(_ socket: consuming OwnedDescriptor, number: UInt64, server: VarlinkServer) throws(Errno) {
        self.number = number
        self.acceptedAt = SystemClock.bootTimeMicroseconds()
        self.peer = try PeerCredentials(of: socket)
        self.peerNamespaceCookie = try? PeerCredentials.networkNamespaceCookie(of: socket)
        self.server = server
        self.state = Mutex(ConnectionState(socket: ConnectionSocket(socket), uid: peer.uid, limits: server.limits))
    }

    /// Opens the client's process, whatever happens to its number.
    ///
    /// - Throws: ESRCH where the process has ended or the connection is closed, or another errno.
    public func openPeerProcess() throws(Errno) -> PidDescriptor {
        try state.withLock { state throws(Errno) in
            guard let socket = state.socket else { throw .noSuchProcess }
            return try PidDescriptor(peerOf: socket.descriptor, acceptedAt: acceptedAt)
        }
    }

    /// Whether the connection is closed or about to be.
    public var isClosed: Bool { state.withLock { $0.isClosing } }

    /// Whether the client is gone, also where this server has not come to notice it: requests of a crowd that hung up while
    /// the server was stopped are still there to be read.
    public var isClientGone: Bool {
        state.withLock { state in
            guard !state.isClosing, let socket = state.socket else { return true }
            return socket.descriptor.hasHungUp()
        }
    }

    /// Calls `body` once, when the connection is closed and its descriptor is, too; at once where that is so already.
    ///
    /// - Returns: a number for ``forgetOnClose(_:)``.
    @discardableResult
    public func onClose(_ body: @escaping @Sendable () -> Void) -> UInt64 {
        let (isOver, number) = state.withLock { state in
            state.lastCloseCallback += 1
            if state.socket != nil { state.closeCallbacks[state.lastCloseCallback] = body }
            return (state.socket == nil, state.lastCloseCallback)
        }
        if isOver { body() }
        return number
    }

    /// Calls it no more when the connection is closed.
    public func forgetOnClose(_ number: UInt64) {
        state.withLock { _ = $0.closeCallbacks.removeValue(forKey: number) }
    }

    /// Waits until the connection is closed and its descriptor is, too; not cut short by cancellation.
    public func waitUntilClosed() async {
        await withCheckedContinuation { continuation in
            onClose { continuation.resume() }
        }
    }

    /// Ends the connection: nothing is sent any more, and a streaming handler's task is cancelled.
    ///
    /// The descriptor closes a moment later; ``waitUntilClosed()`` tells.
    public func close() {
        let ending = state.withLock { state -> Ending? in
            guard !state.isClosing else { return nil }
            state.isClosing = true
            state.waiting = []
            let ending = Ending(
                sources: [state.reading, state.writing].compactMap { $0 }, stream: state.stream,
                waiters: state.drainWaiters)
            state.reading = nil
            state.writing = nil
            state.drainWaiters = []
            return ending
        }
        guard let ending else { return }
        ending.sources.forEach { $0.cancel() }
        ending.stream?.cancel()
        ending.waiters.forEach { $0.resume() }
        server.forget(self)
        finishIfUnwatched()
    }

    /// What is left to do outside the lock when a connection ends.
    private struct Ending {
        let sources: [EventLoop.Watch]
        let stream: Task<Void, Never>?
        let waiters: [CheckedContinuation<Void, Never>]
    }

    /// Starts listening to the client.
    func start() {
        state.withLock { state in
            guard !state.isClosing, let socket = state.socket else { return }
            state.reading = watch(.reading, socket, &state) { self.readable() }
        }
    }

    func watch(
        _ direction: EventLoop.Direction, _ socket: ConnectionSocket, _ state: inout ConnectionState,
        ready: @escaping @Sendable () -> Void
    ) -> EventLoop.Watch {
        state.sources += 1
        return server.loop.watch(socket.descriptor, for: direction, ready: ready) {
            self.state.withLock { $0.sources -= 1 }
            self.finishIfUnwatched()
        }
    }

    /// Closes the descriptor once nothing watches it: its number may mean another file from then on.
    private func finishIfUnwatched() {
        let callbacks = state.withLock { state -> [@Sendable () -> Void] in
            guard state.isClosing, state.sources == 0 else { return [] }
            state.socket = nil
            state.output = []
            // In the order in which they came: who waits for the end finds it told to those before.
            let callbacks = state.closeCallbacks.sorted { $0.key < $1.key }.map(\.value)
            state.closeCallbacks = [:]
            return callbacks
        }
        callbacks.forEach { $0() }
    }

    /// Whether a deadline has passed, or nil where none is set.
    func isOverdue(at now: ContinuousClock.Instant) -> Bool? {
        state.withLock { state in
            let deadlines = [state.requestDeadline, state.outputDeadline].compactMap { $0 }
            return deadlines.isEmpty || state.isClosing ? nil : deadlines.contains { $0 <= now }
        }
    }
}
