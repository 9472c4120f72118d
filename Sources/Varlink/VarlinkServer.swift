public import LinuxSystem
internal import Synchronization

/// Answers Varlink calls on a listening Unix socket; https://varlink.org.
///
/// All connections share one event loop and no thread is bound to any. Open connections keep the server alive;
/// end it with ``stop()``.
public final class VarlinkServer: Sendable {
    let limits: Limits
    let loop: EventLoop
    private let interfaces: [String: VarlinkInterface]
    private let methods: [String: VarlinkMethod]
    private let unexpected: @Sendable (any Error) -> VarlinkErrorReply?
    private let state = Mutex(State())

    private struct State {
        var listener: Listener?
        var connections: [UInt64: VarlinkConnection] = [:]
        var connectionsOfUser: [UInt32: Int] = [:]
        var lastNumber: UInt64 = 0
        var isSupervising = false

        /// Whether a user may have one more; root always may.
        func hasRoom(for uid: UInt32, _ limits: Limits) -> Bool {
            // Few users have any at one time, however many connections there are.
            uid == 0
                || connectionsOfUser[uid, default: 0] < limits.connectionsPerUser
                    && connectionsOfUser.values.reduce(0, +) < limits.connections
        }
    }

    let turns: CallTurns

    /// Makes a server that listens nowhere yet.
    ///
    /// `unexpected` puts into words what a handler throws that is not a ``VarlinkErrorConvertible``; where it gives nil
    /// the connection is closed. `loop` does all input and output and runs the handlers: an actor that the handlers
    /// call should live there too.
    public init(
        identity: Identity, interfaces: [VarlinkInterface], limits: Limits = Limits(),
        loop: EventLoop,
        unexpected: @escaping @Sendable (any Error) -> VarlinkErrorReply? = { _ in nil }
    ) {
        let all = [VarlinkInterface.introspection(of: identity, interfaces: interfaces)] + interfaces
        self.limits = limits
        self.loop = loop
        self.turns = CallTurns(perRound: limits.callsPerTurn, loop: loop)
        self.unexpected = unexpected
        self.interfaces = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }
        let entries = all.flatMap { interface in
            interface.methods.map { ("\(interface.name).\($0.key)", $0.value) }
        }
        self.methods = Dictionary(entries) { first, _ in first }
    }

    /// Accepts connections on `listener` from now on, instead of on the one before; open connections stay.
    ///
    /// Takes ownership of the listening stream socket and makes it non-blocking.
    /// - Throws: the errno of that.
    public func serve(on listener: consuming OwnedDescriptor) throws(Errno) {
        try listener.setNonBlocking()
        let new = Listener(listener, server: self)
        let old = state.withLock { state in
            let old = state.listener
            state.listener = new
            return old
        }
        old?.stop()
        new.start()
    }

    /// Accepts no more connections and closes the listener; open connections stay.
    public func stopAccepting() {
        let old = state.withLock { state in
            let old = state.listener
            state.listener = nil
            return old
        }
        old?.stop()
    }

    /// Accepts no more connections, closes all, and waits until their descriptors are closed.
    public func stop() async {
        stopAccepting()
        await closeConnections { _ in true }
    }

    /// The open connections.
    public var connections: [VarlinkConnection] {
        state.withLock { Array($0.connections.values) }
    }

    /// Closes the connections that `isChosen` says, and waits until their descriptors are closed.
    public func closeConnections(where isChosen: (VarlinkConnection) -> Bool) async {
        let chosen = connections.filter(isChosen)
        chosen.forEach { $0.close() }
        for connection in chosen {
            await connection.waitUntilClosed()
        }
    }

    // MARK: - For connections

    func reply(to error: any Error) -> VarlinkErrorReply? { unexpected(error) }

    /// - Throws: which part of the method's name is unknown.
    func method(for call: VarlinkCall) throws(VarlinkErrorReply) -> VarlinkMethod {
        guard !call.wantsUpgrade else { throw .methodNotImplemented(call.method) }
        if let method = methods[call.method] { return method }
        guard let dot = call.method.lastIndex(of: ".") else { throw .interfaceNotFound(call.method) }
        guard let interface = interfaces[String(call.method[..<dot])] else {
            throw .interfaceNotFound(String(call.method[..<dot]))
        }
        let name = String(call.method[call.method.index(after: dot)...])
        throw interface.declares(name) ? .methodNotImplemented(call.method) : .methodNotFound(call.method)
    }

    /// Takes a client in, or closes it at once where there are too many.
    func admit(_ socket: consuming OwnedDescriptor) {
        // Before anything is made for it: there may be a thousand of them a second.
        guard let uid = try? PeerCredentials.user(of: socket) else { return }
        let number = state.withLock { state -> UInt64? in
            guard state.hasRoom(for: uid, limits) else { return nil }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number, let connection = try? VarlinkConnection(socket, number: number, server: self) else { return }
        let isAdmitted = state.withLock { state in
            guard state.listener != nil, state.hasRoom(for: uid, limits) else { return false }
            if uid != 0 { state.connectionsOfUser[uid, default: 0] += 1 }
            state.connections[number] = connection
            return true
        }
        if isAdmitted { connection.start() }
    }

    func forget(_ connection: VarlinkConnection) {
        state.withLock { state in
            let uid = connection.peer.uid
            guard state.connections.removeValue(forKey: connection.number) != nil, uid != 0 else { return }
            let left = state.connectionsOfUser[uid, default: 1] - 1
            state.connectionsOfUser[uid] = left == 0 ? nil : left
        }
    }

    /// Sees to it that deadlines are looked at while any is set; an idle server never wakes.
    func superviseDeadlines(if isNeeded: Bool = true) {
        guard isNeeded else { return }
        let isNew = state.withLock { state in
            defer { state.isSupervising = true }
            return !state.isSupervising
        }
        guard isNew else { return }
        loop.perform(after: .milliseconds(max(1, limits.patience.milliseconds / 8))) {
            self.state.withLock { $0.isSupervising = false }
            let now = ContinuousClock.now
            let deadlines = self.connections.map { ($0, $0.isOverdue(at: now)) }
            for (connection, isOverdue) in deadlines where isOverdue == true { connection.close() }
            self.superviseDeadlines(if: deadlines.contains { $0.1 == false })
        }
    }
}
