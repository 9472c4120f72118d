public import LinuxSystem
public import Varlink

/// A blocking client of the session service, for one thread.
///
/// All methods throw ``ServiceError`` where the service refuses, ``ServiceUnreachable`` where nobody answers, and
/// `VarlinkClientError` for all else.
public struct VipnsClient {
    /// Where the service listens.
    public static let defaultPath = "/run/vipns/io.vipns"

    private let client: VarlinkClient

    /// Connects; `timeout` bounds connecting and, unless they say otherwise, each call as a whole.
    public init(path: String = defaultPath, timeout: Duration? = .seconds(10)) throws {
        do {
            client = try VarlinkClient(path: path, timeout: timeout)
        } catch .cannotConnect(let path, let cause) {
            throw ServiceUnreachable(path: path, cause: cause)
        }
    }

    /// Opens a session; the answer's descriptor is its network namespace.
    ///
    /// Root only. With mode `enter` the session lives no longer than this client until ``entered(session:)`` is called.
    public func open(
        mode: Session.Mode, user: String? = nil, pool: String? = nil, service: String? = nil
    ) throws -> VarlinkAnswer<Method.Open.Reply> {
        try call(Method.Open.self, .init(mode: mode, user: user, pool: pool, service: service))
    }

    /// Says that the caller is in the session that it opened here, and leads it.
    public func entered(session: String) throws {
        _ = try call(Method.Entered.self, .init(session: session))
    }

    /// Opens what the rules say for a login; the answer's descriptor is the network namespace to enter.
    ///
    /// Root only. Whoever enters says so by ``entered(session:)`` on this client.
    public func login(_ login: Method.LoginParameters) throws -> VarlinkAnswer<Method.Login.Reply> {
        try call(Method.Login.self, login)
    }

    /// Tells by ``ServiceError/poolExhausted(pool:message:)`` that the login would be refused now.
    public func checkLogin(_ login: Method.LoginParameters) throws {
        _ = try call(Method.CheckLogin.self, login)
    }

    /// Says that the caller leads the session no more.
    public func leave(session: String) throws {
        _ = try call(Method.Leave.self, .init(session: session))
    }

    /// Gives the network namespace of a living session, as the answer's descriptor.
    ///
    /// Root only.
    public func join(session: String) throws -> VarlinkAnswer<Method.Join.Reply> {
        try call(Method.Join.self, .init(session: session))
    }

    /// Ends a session and tells what became of it.
    public func close(
        session: String, leftovers: Session.Leftovers? = nil, timeout: Duration? = nil
    ) throws -> Session {
        try call(Method.Close.self, .init(session: session, leftovers: leftovers), timeout: timeout).parameters.session
    }

    /// All sessions that the caller may see.
    public func list() throws -> [Session] {
        var sessions: [Session] = []
        try callMore(Method.List.self, .init(), timeout: client.timeout) { reply in
            sessions += reply.sessions
            return true
        }
        return sessions
    }

    /// One session and the processes in its namespace.
    public func show(session: String) throws -> Method.Show.Reply {
        try call(Method.Show.self, .init(session: session)).parameters
    }

    /// All pools.
    public func pools() throws -> [PoolStatus] {
        try call(Method.Pools.self, .init()).parameters.pools
    }

    /// The addresses of a pool in their order, and why each is in its state.
    public func addresses(pool: String) throws -> [PoolAddress] {
        var addresses: [PoolAddress] = []
        try callMore(Method.Addresses.self, .init(pool: pool), timeout: client.timeout) { reply in
            addresses += reply.addresses
            return true
        }
        return addresses
    }

    /// What is remembered, newest first.
    public func history(
        address: String? = nil, user: String? = nil, at: Int64? = nil, since: Int64? = nil, until: Int64? = nil,
        limit: Int? = nil
    ) throws -> [HistoryEntry] {
        var entries: [HistoryEntry] = []
        let asked = Method.History.Parameters(
            address: address, user: user, at: at, since: since, until: until, limit: limit)
        try callMore(Method.History.self, asked, timeout: client.timeout) { reply in
            entries += reply.records
            return true
        }
        return entries
    }

    /// Has the service read its configuration again; throws ``ServiceError/invalidConfiguration(file:problems:)`` where
    /// that has errors, and then nothing has changed.
    public func reload(timeout: Duration? = nil) throws -> Method.Reload.Reply {
        try call(Method.Reload.self, .init(), timeout: timeout).parameters
    }

    /// Has the collector look now, and free what is due, or with `dryRun` only look.
    ///
    /// Root only.
    public func collect(dryRun: Bool) throws -> [Suspect] {
        try call(Method.Collect.self, .init(dryRun: dryRun)).parameters.suspects
    }

    /// Hands over what is remembered piece by piece, newest first; waits without bound, as that may be a great deal.
    public func history(_ asked: Method.History.Parameters, each body: ([HistoryEntry]) throws -> Void) throws {
        try callMore(Method.History.self, asked, timeout: nil) { reply in
            try body(reply.records)
            return true
        }
    }

    /// Hands over what happens, as it happens, until `body` returns false; the first call, with nil, says that it began.
    ///
    /// Waits without bound; the client is of no use afterwards.
    public func watch(_ body: (SessionEvent?) throws -> Bool) throws {
        try callMore(Method.Watch.self, .init(), timeout: nil) { try body($0.event) }
    }

    private func call<Called: ClientMethod>(
        _ method: Called.Type, _ parameters: Called.Parameters, timeout: Duration? = nil
    ) throws -> VarlinkAnswer<Called.Reply> {
        do {
            return try client.call(method.method, parameters, as: Called.Reply.self, timeout: timeout)
        } catch .reply(let error) {
            if let known = ServiceError(error) { throw known }
            throw VarlinkClientError.reply(error)
        }
    }

    private func callMore<Called: ClientMethod>(
        _ method: Called.Type, _ parameters: Called.Parameters, timeout: Duration?,
        body: (Called.Reply) throws -> Bool
    ) throws {
        do {
            try client.callMore(method.method, parameters, as: Called.Reply.self, timeout: timeout) { answer in
                try body(answer.parameters)
            }
        } catch VarlinkClientError.reply(let error) {
            throw ServiceError(error) ?? VarlinkClientError.reply(error)
        }
    }
}

/// Nobody answers where the service should listen.
public struct ServiceUnreachable: Error, Hashable, Sendable, CustomStringConvertible {
    /// The socket that was tried.
    public let path: String
    /// What the kernel said.
    public let cause: Errno

    /// The sentence for an administrator.
    public var description: String {
        "cannot reach the session service at '\(path)': \(cause) (is vipnsd running?)"
    }
}
