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
    struct Wish: Sendable {
        let mode: SessionMode
        let user: String
        let uid: UInt32
        let pool: Pool
        let service: String
    }

    /// Opens a session for the one at the other end of `connection`.
    func open(
        _ parameters: Method.Open.Parameters, account: Account, connection: VarlinkConnection
    ) async throws -> VarlinkReply {
        let poolName = parameters.pool ?? poolOrder.first ?? ""
        guard let pool = pools[poolName]?.pool else { throw ServiceError.poolNotFound(pool: poolName) }
        let wish = Wish(
            mode: parameters.mode == .enter ? .enter : .reserve, user: account.name, uid: account.uid, pool: pool,
            service: parameters.service ?? "api")
        // Said before an address is taken: without the helper nothing could prove that address free again.
        guard helper != nil else { throw ServiceError.helperUnavailable(text: HelperFailure.helperLost.description) }
        var lastFailure = ""
        // An address that another link of this host has goes to quarantine; the next one may do.
        for _ in 0..<4 {
            guard let address = pools[poolName]?.allocator.take() else {
                return try await exhausted(wish, connection: connection)
            }
            let live = makeSession(wish, address: address)
            switch await begin(live, connection: connection) {
            case .granted(let descriptor):
                return try granted(live, connection, outcome: .granted, message: nil, descriptor: descriptor)
            case .failed(.addressInUse, let cause):
                lastFailure = cause.text
                logger(for: live).warning("address in use, trying the next", metadata: ["error": "\(cause.text)"])
            case .failed(let failure, let cause):
                throw refusal(failure, cause)
            }
        }
        throw ServiceError.openFailed(text: lastFailure)
    }

    private func refusal(_ failure: OpenFailure, _ cause: LiveSession.Failure) -> ServiceError {
        switch failure {
        case .closed: .openFailed(text: "the session was closed while it was being opened")
        case .intent, .namespace, .network, .addressInUse:
            cause.isAboutHelper ? .helperUnavailable(text: cause.text) : .openFailed(text: cause.text)
        }
    }

    private func granted(
        _ live: LiveSession, _ connection: VarlinkConnection, outcome: Method.Open.Outcome, message: String?,
        descriptor: DescriptorBox
    ) throws -> VarlinkReply {
        if live.lease.mode == .reserve {
            live.forgetOpener()
            // Nobody knows of the session: it would be reserved for ever.
            if connection.isClosed { handle(.closeAsked(.kill, from: .outside), live.lease.session) }
        }
        guard let namespace = descriptor.take() else {
            throw ServiceError.failed(text: "the namespace's descriptor is lost")
        }
        let reply = Method.Open.Reply(outcome: outcome, session: Session(live), namespace: 0, message: message)
        return try VarlinkReply(reply, passing: namespace)
    }

    /// Does what the pool says for the case that no address is left; each is in history and log.
    private func exhausted(_ wish: Wish, connection: VarlinkConnection) async throws -> VarlinkReply {
        logger.warning(
            "no address is available",
            metadata: ["pool": "\(wish.pool.name)", "user": "\(wish.user)", "then": "\(wish.pool.exhaustion.rawValue)"])
        switch wish.pool.exhaustion {
        case .isolate:
            let live = makeSession(wish, address: nil)
            switch await begin(live, connection: connection) {
            case .granted(let descriptor):
                return try granted(
                    live, connection, outcome: .isolated, message: exhaustedMessage, descriptor: descriptor)
            case .failed(let failure, let cause):
                throw refusal(failure, cause)
            }
        case .share:
            await recordRefusal(wish, outcome: HistoryRecord.shared)
            return try VarlinkReply(Method.Open.Reply(outcome: .shared, message: exhaustedMessage))
        case .deny:
            await recordRefusal(wish, outcome: HistoryRecord.denied)
            throw ServiceError.poolExhausted(pool: wish.pool.name, message: exhaustedMessage)
        }
    }

    private func recordRefusal(_ wish: Wish, outcome: String) async {
        let real = SystemClock.realTimeMicroseconds()
        let boot = SystemClock.bootTimeMicroseconds()
        let record = HistoryRecord(
            session: "", bootID: surroundings.bootID, user: wish.user, uid: wish.uid, service: wish.service,
            pool: wish.pool.name, address: nil, outcome: outcome, openedAt: real, openedBoot: boot, endedAt: real,
            endedBoot: boot, reason: "no address available")
        watchers.publish(
            WatchEvent(time: real, kind: .refused, text: "pool '\(wish.pool.name)' has no free address: \(outcome)"))
        do throws(LeaseStoreError) {
            try await store.recordRefusal(record)
        } catch {
            logger.error("cannot store", metadata: ["what": "refusal", "error": "\(error)"])
        }
    }

    private func makeSession(_ wish: Wish, address: IPAddress?) -> LiveSession {
        var id = SessionID.random()
        while sessions[id] != nil { id = SessionID.random() }
        lastNumber += 1
        let lease = Lease(
            session: id, bootID: surroundings.bootID, number: lastNumber, pool: wish.pool.name, address: address,
            prefixLength: wish.pool.prefixLength, gateway: wish.pool.gateway, parent: wish.pool.parent,
            macvlanMode: wish.pool.macvlanMode, user: wish.user, uid: wish.uid, service: wish.service,
            mode: wish.mode, leftovers: wish.pool.leftovers, openedAt: SystemClock.realTimeMicroseconds(),
            openedBoot: SystemClock.bootTimeMicroseconds())
        let plan = SessionPlan(mode: wish.mode, leftovers: wish.pool.leftovers, hasAddress: address != nil)
        let live = LiveSession(lease: lease, plan: plan)
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
            perform(live.plan.begin(), live)
        }
    }

    func handOver(_ live: LiveSession) {
        guard let opener = live.opener, let descriptor = live.descriptor else { return }
        live.opener = nil
        live.descriptor = nil
        live.wasHandedOver = true
        opener.resume(returning: .granted(descriptor))
    }

    func refuse(_ live: LiveSession, _ failure: OpenFailure) {
        live.opener?.resume(returning: .failed(failure, live.lastFailure))
        live.opener = nil
    }

    /// Watches a process as that leader of the session.
    func watch(
        _ process: consuming PidDescriptor, _ leader: Leader, as number: LeaderID, of id: SessionID
    ) -> LeaderWatch {
        LeaderWatch(process, leader: leader, loop: loop) { [weak self] in
            self?.enter { $0.handle(.leaderEnded(number), id) }
        }
    }

    /// Takes the caller as a leader of the session that it says to have entered.
    func entered(_ name: String, connection: VarlinkConnection) throws(ServiceError) {
        let caller = caller(connection)
        guard caller.isRoot else { throw .permissionDenied(text: "only root enters sessions") }
        let live = try find(name, for: caller)
        guard let process = try? connection.openPeerProcess(),
            let identity = ProcessIdentity(pid: connection.peer.pid)
        else { throw .failed(text: "the caller's process cannot be watched") }
        let id = live.lease.session
        let known = Leader(pid: identity.pid, startTicks: identity.startTicks)
        // Saying it twice makes nobody two leaders.
        if live.leaders.values.contains(where: { $0.leader == known }) { return }
        lastLeader += 1
        let leader = LeaderID(lastLeader)
        live.leaders[leader] = watch(process, known, as: leader, of: id)
        handle(.entered(leader), id)
        live.forgetOpener()
        guard live.plan.leaders.contains(leader) else {
            live.leaders.removeValue(forKey: leader)?.cancel()
            throw .wrongState(session: id.description, state: Session(live).state)
        }
    }
}
