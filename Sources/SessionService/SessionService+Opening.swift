internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan
internal import Varlink

/// The sentence that users of the original know; design, "Pools".
let exhaustedMessage =
    "No virtual IP address is available for this session, please contact your administrator."

extension SessionService {
    /// What an open is asked with, names already looked up.
    struct OpenRequest: Sendable {
        let mode: SessionMode
        let scope: SessionScope
        let user: String
        let uid: UInt32
        var pool: Pool
        let service: String
    }

    /// What came of a request.
    enum Grant {
        /// A session, with an address or isolated, and its namespace.
        case session(LiveSession, DescriptorBox)
        /// No address is left: the host's network is shared.
        case shared
    }

    /// Opens a session in the pool that is named for the one at the other end of `connection`.
    func open(
        _ parameters: Method.Open.Parameters, account: Account, connection: VarlinkConnection
    ) async throws -> VarlinkReply {
        let poolName = parameters.pool ?? poolOrder.first ?? ""
        guard let pool = pools[poolName]?.pool else { throw ServiceError.poolNotFound(pool: poolName) }
        let request = OpenRequest(
            mode: parameters.mode == .enter ? .enter : .reserve, scope: .session, user: account.name,
            uid: account.uid, pool: pool, service: parameters.service ?? "api")
        switch try await grant(request, connection: connection) {
        case .session(let live, let descriptor):
            let isIsolated = live.lease.address == nil
            let reply = Method.Open.Reply(
                outcome: isIsolated ? .isolated : .granted, session: Session(live), namespace: 0,
                message: isIsolated ? exhaustedMessage : nil)
            return try VarlinkReply(reply, passing: try namespace(in: descriptor))
        case .shared: return try VarlinkReply(Method.Open.Reply(outcome: .shared, message: exhaustedMessage))
        }
    }

    /// Makes a session, or does what the pool says for the case that no address is left.
    ///
    /// - Throws: ``ServiceError``.
    func grant(_ request: OpenRequest, connection: VarlinkConnection) async throws -> Grant {
        // Said before an address is taken: without the helper nothing could prove that address free again.
        guard helper != nil else { throw ServiceError.helperUnavailable(text: HelperFailure.helperLost.description) }
        var (request, lastFailure) = (request, "")
        // An address that another link of this host has goes to quarantine; the next one may do.
        for _ in 0..<4 {
            try throwIfDisconnected(connection)
            // As it is now: it may have changed since the request, or since the last try.
            guard let pool = pools[request.pool.name]?.pool else {
                throw ServiceError.poolNotFound(pool: request.pool.name)
            }
            request.pool = pool
            guard let addresses = pools[pool.name]?.allocator.take() else {
                return try await exhausted(request, connection: connection)
            }
            notePeak(of: request.pool.name)
            let live = makeSession(request, addresses: addresses)
            switch await begin(live, connection: connection) {
            case .granted(let descriptor):
                settle(live, connection)
                return .session(live, descriptor)
            case .failed(.addressInUse, let cause):
                lastFailure = cause.text
                logger(for: live).warning("address in use, trying the next", metadata: ["error": "\(cause.text)"])
            case .failed(let failure, let cause):
                throw refusal(failure, cause)
            }
        }
        throw ServiceError.openFailed(text: lastFailure)
    }

    /// Does nothing more for a caller that has gone meanwhile: what it would get, others could have.
    func throwIfDisconnected(_ connection: VarlinkConnection) throws(ServiceError) {
        if connection.isClientGone { throw .openFailed(text: "the caller has gone") }
    }

    private func refusal(_ failure: OpenFailure, _ cause: LiveSession.Failure) -> ServiceError {
        switch failure {
        case .closed: .openFailed(text: "the session was closed while it was being opened")
        case .intent, .namespace, .network, .addressInUse:
            cause.isAboutHelper ? .helperUnavailable(text: cause.text) : .openFailed(text: cause.text)
        }
    }

    /// A reserved session does not end with its opener's connection.
    private func settle(_ live: LiveSession, _ connection: VarlinkConnection) {
        guard live.lease.mode == .reserve else { return }
        live.forgetOpener()
        // Nobody knows of the session: it would be reserved for ever.
        if connection.isClosed { handle(.closeAsked(.kill, from: .outside), live.lease.session) }
    }

    /// The descriptor to send, once.
    func namespace(in box: DescriptorBox) throws(ServiceError) -> OwnedDescriptor {
        guard let namespace = box.take() else { throw .failed(text: "the namespace's descriptor is lost") }
        return namespace
    }

    /// Does what the pool says for the case that no address is left; each is in history and log.
    private func exhausted(_ request: OpenRequest, connection: VarlinkConnection) async throws -> Grant {
        logExhausted(request)
        switch request.pool.exhaustion {
        case .isolate:
            let live = makeSession(request, addresses: [])
            switch await begin(live, connection: connection) {
            case .granted(let descriptor):
                settle(live, connection)
                return .session(live, descriptor)
            case .failed(let failure, let cause):
                throw refusal(failure, cause)
            }
        case .share:
            recordRefusal(request, outcome: HistoryRecord.shared)
            return .shared
        case .deny:
            recordRefusal(request, outcome: HistoryRecord.denied)
            throw ServiceError.poolExhausted(pool: request.pool.name, message: exhaustedMessage)
        }
    }

    func logExhausted(_ request: OpenRequest) {
        logger.warning(
            "no address is available",
            metadata: [
                "pool": "\(request.pool.name)", "user": "\(request.user)",
                "then": "\(request.pool.exhaustion.rawValue)",
            ])
    }

    /// Nobody waits for it: a slow disk must not make a refusal late, which a login may take for none.
    func recordRefusal(_ request: OpenRequest, outcome: String) {
        let real = SystemClock.realTimeMicroseconds()
        let boot = SystemClock.bootTimeMicroseconds()
        let record = HistoryRecord(
            session: "", bootID: surroundings.bootID, user: request.user, uid: request.uid, service: request.service,
            pool: request.pool.name, address: nil, outcome: outcome, openedAt: real, openedBoot: boot, endedAt: real,
            endedBoot: boot, reason: "no address available")
        watchers.publish(
            WatchEvent(time: real, kind: .refused, text: "pool '\(request.pool.name)' has no free address: \(outcome)"))
        lastRefusal = write("refusal", logger) { [store] () throws(LeaseStoreError) in
            try await store.recordRefusal(record)
        }
    }

    private func makeSession(_ request: OpenRequest, addresses: [SessionAddress]) -> LiveSession {
        var id = SessionID.random()
        while sessions[id] != nil { id = SessionID.random() }
        lastNumber += 1
        let lease = Lease(
            session: id, bootID: surroundings.bootID, number: lastNumber, pool: request.pool.name,
            addresses: addresses, parent: request.pool.parent, macvlanMode: request.pool.macvlanMode,
            user: request.user, uid: request.uid, service: request.service, mode: request.mode, scope: request.scope,
            leftovers: request.pool.leftovers, openedAt: SystemClock.realTimeMicroseconds(),
            openedBoot: SystemClock.bootTimeMicroseconds())
        let plan = SessionPlan(mode: request.mode, leftovers: request.pool.leftovers, hasAddress: !addresses.isEmpty)
        let live = LiveSession(lease: lease, plan: plan, pool: request.pool)
        sessions[id] = live
        idsByNumber[lease.number] = id
        return live
    }

    /// Starts the session's life and waits until its opener can be told.
    private func begin(_ live: LiveSession, connection: VarlinkConnection) async -> LiveSession.Opening {
        let id = live.lease.session
        let number = connection.onClose { [weak self] in
            self?.enter { $0.handle(.openerGone, id) }
        }
        live.openerWatch = (connection, number)
        return await withCheckedContinuation { opener in
            live.opener = opener
            advance(live, "begin") { $0.begin() }
        }
    }

    func handOver(_ live: LiveSession) {
        guard let opener = live.opener, let descriptor = live.descriptor else { return }
        live.opener = nil
        live.descriptor = nil
        live.wasHandedOver = true
        opener.resume(returning: .granted(descriptor))
        live.resumeFollowers()
    }

    func refuse(_ live: LiveSession, _ failure: OpenFailure) {
        live.opener?.resume(returning: .failed(failure, live.lastFailure))
        live.opener = nil
        live.resumeFollowers()
    }
}
