internal import Addressing
internal import ClientAPI
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import ServiceConfiguration
internal import SessionPlan
internal import Varlink

/// What the rules say for a login, and doing it.
extension SessionService {
    /// What is to be done for a login.
    private enum LoginDecision {
        /// No rule is for it.
        case alone
        /// It stays in the session that it stands in.
        case kept(LiveSession)
        /// It leaves the session that it stands in.
        case host
        /// It gets a session.
        case session(OpenRequest)
    }

    /// Opens what the rules say for a login, or leaves it alone.
    func login(_ asked: Method.LoginParameters, connection: VarlinkConnection) async throws -> VarlinkReply {
        try await underOneConfiguration { try await answer(to: asked, connection: connection) }
    }

    /// Begins anew where a pool has gone meanwhile with a reload: now there are other rules.
    private func underOneConfiguration<Value: ~Copyable, Failure: Error>(
        _ body: () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        while true {
            let number = configurationNumber
            do throws(Failure) {
                return try await body()
            } catch {
                guard case .poolNotFound? = error as? ServiceError, number != configurationNumber else { throw error }
            }
        }
    }

    private func answer(to asked: Method.LoginParameters, connection: VarlinkConnection) async throws -> VarlinkReply {
        switch try await course(asked, connection: connection) {
        case .alone: return try VarlinkReply(Method.Login.Reply(outcome: .alone))
        case .kept(let outer): return try VarlinkReply(Method.Login.Reply(outcome: .kept, session: Session(outer)))
        case .host:
            // The service runs in the host's network for its whole life.
            let namespace = try NetworkNamespace.current().intoDescriptor()
            return try VarlinkReply(Method.Login.Reply(outcome: .host, namespace: 0), passing: namespace)
        case .session(let request):
            let granted =
                try await request.scope == .user
                ? shared(request, connection: connection) : grant(request, connection: connection)
            return try reply(granted)
        }
    }

    /// Refuses a login for which there is no address, without taking one.
    func checkLogin(_ asked: Method.LoginParameters, connection: VarlinkConnection) async throws(ServiceError) {
        let decided = try await underOneConfiguration { () async throws(ServiceError) -> LoginDecision in
            try await course(asked, connection: connection)
        }
        guard case .session(let request) = decided, request.pool.exhaustion == .deny,
            pools[request.pool.name]?.allocator.free == 0,
            request.scope == .session || sessionInUse(by: request) == nil,
            !mayBeUnlocking(asked, request)
        else { return }
        logExhausted(request)
        recordRefusal(request, outcome: HistoryRecord.denied)
        throw .poolExhausted(pool: request.pool.name, message: exhaustedMessage)
    }

    /// Whether this may be no login at all: display managers run the account phase to unlock a screen, too.
    ///
    /// Whoever has a desktop with an address must get back to it. Nobody unlocks from another host.
    private func mayBeUnlocking(_ asked: Method.LoginParameters, _ request: OpenRequest) -> Bool {
        (asked.remoteHost ?? "").isEmpty
            && sessions.values.contains { live in
                live.plan.state == .active && live.lease.uid == request.uid && live.lease.service == request.service
            }
    }

    private func reply(_ granted: Grant) throws -> VarlinkReply {
        switch granted {
        case .session(let live, let descriptor):
            let isIsolated = live.lease.address == nil
            let reply = Method.Login.Reply(
                outcome: isIsolated ? .isolated : .granted, session: Session(live, leadersAtMost: 64), namespace: 0,
                message: isIsolated ? exhaustedMessage : nil)
            return try VarlinkReply(reply, passing: try namespace(in: descriptor))
        case .shared: return try VarlinkReply(Method.Login.Reply(outcome: .shared, message: exhaustedMessage))
        }
    }

    private func course(
        _ asked: Method.LoginParameters, connection: VarlinkConnection
    ) async throws(ServiceError) -> LoginDecision {
        guard caller(connection).isRoot else { throw .permissionDenied(text: "only root opens sessions for logins") }
        try throwIfDisconnected(connection)
        let rule = try await rule(for: asked)
        try throwIfDisconnected(connection)
        if let outer = session(around: connection) {
            switch (rule?.nested, rule?.target) {
            case (.host, _): return .host
            case (.own, .pool): break
            case (.own, _), (.keep, _), (nil, _): return .kept(outer)
            }
        }
        guard let rule, case .pool(let name) = rule.target else { return .alone }
        return .session(try await request(asked, rule, pool: name))
    }

    /// The first rule that matches; the account database is asked only where it takes that to tell.
    private func rule(for asked: Method.LoginParameters) async throws(ServiceError) -> LoginRule? {
        struct GroupsNeeded: Error {}
        // A directory may take a name in more than one spelling; rules know the one that it gives.
        let user = loginRules.namesUsers ? try await account(asked.user)?.name ?? asked.user : asked.user
        let login = Login(user: user, service: asked.service, tty: asked.tty, remoteHost: asked.remoteHost)
        do throws(GroupsNeeded) {
            return try loginRules.first(matching: login) { () throws(GroupsNeeded) in throw GroupsNeeded() }
        } catch {
            let names = try await groupNames(of: user)
            return loginRules.first(matching: login) { names }
        }
    }

    private func request(
        _ asked: Method.LoginParameters, _ rule: LoginRule, pool name: String
    ) async throws(ServiceError) -> OpenRequest {
        guard let pool = pools[name]?.pool else { throw .poolNotFound(pool: name) }
        guard let account = try await account(asked.user) else {
            throw .openFailed(text: "there is no user '\(asked.user)'")
        }
        return OpenRequest(
            mode: .enter, scope: rule.scope, user: account.name, uid: account.uid,
            pool: pool, service: asked.service)
    }

    /// The session that the caller stands in, by the cookie of its namespace: never by what its environment says.
    private func session(around connection: VarlinkConnection) -> LiveSession? {
        guard let cookie = connection.peerNamespaceCookie else { return nil }
        return sessions.values.first { $0.plan.cookie == cookie }
    }

    /// Joins the session that the user has already, or makes the first.
    private func shared(_ request: OpenRequest, connection: VarlinkConnection) async throws -> Grant {
        var ending: Set<SessionID> = []
        while let live = sessionInUse(by: request, but: ending) {
            if live.opener != nil {
                // Whatever comes of that open: then it is looked again.
                await withCheckedContinuation { live.followers.append($0) }
                try throwIfDisconnected(connection)
            } else if let descriptor = try await join(live, connection: connection) {
                return .session(live, descriptor)
            } else {
                ending.insert(live.lease.session)
            }
        }
        return try await grant(request, connection: connection)
    }

    private func sessionInUse(by request: OpenRequest, but ending: Set<SessionID> = []) -> LiveSession? {
        sessions.values.filter { live in
            live.lease.scope == .user && live.lease.uid == request.uid && live.lease.pool == request.pool.name
                && [.allocating, .active].contains(live.plan.state) && !ending.contains(live.lease.session)
        }.min { $0.lease.number < $1.lease.number }
    }
}
