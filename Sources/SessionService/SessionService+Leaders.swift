internal import Addressing
internal import ClientAPI
internal import Leasing
internal import LinuxSystem
internal import SessionPlan
internal import Varlink

/// Who leads a session: entering, joining, leaving.
extension SessionService {
    /// Watches a process as that leader of the session.
    func watch(
        _ process: consuming PidDescriptor, _ leader: Leader, as number: LeaderID, of id: SessionID
    ) -> LeaderWatch {
        LeaderWatch(process, leader: leader, loop: loop) { [weak self] in
            self?.enter { $0.handle(.leaderEnded(number), id) }
        }
    }

    /// Takes the caller as a leader of the session that it says to have entered.
    ///
    /// Answered once that is written: whoever was told so is a leader for a service that is started anew, too.
    func entered(_ name: String, connection: VarlinkConnection) async throws(ServiceError) {
        try await takeLeader(name, connection: connection).lastRecord?.value
    }

    private func takeLeader(_ name: String, connection: VarlinkConnection) throws(ServiceError) -> LiveSession {
        let caller = caller(connection)
        guard caller.isRoot else { throw .permissionDenied(text: "only root enters sessions") }
        let live = try find(name, for: caller)
        if let leader = live.joining.first(where: { $0.value.connection === connection })?.key {
            live.forgetJoining(leader)
            return live
        }
        // Saying it twice makes nobody two leaders; logging in twice does.
        if live.openerWatch?.connection !== connection, let known = leader(of: connection),
            live.leaders.values.contains(where: { $0.leader == known })
        {
            return live
        }
        let leader = try addLeader(to: live, connection)
        live.forgetOpener()
        guard leader != nil else {
            throw .wrongState(session: live.lease.session.description, state: Session(live).state)
        }
        return live
    }

    /// Takes the caller as one more leader of a session that is there already, and gives the namespace.
    ///
    /// It leads from now on, so that the session does not end under it; it leads no more when the connection ends before
    /// it is in. Gives nil where the session is ending.
    func join(_ live: LiveSession, connection: VarlinkConnection) async throws(ServiceError) -> DescriptorBox? {
        let id = live.lease.session
        guard let leader = try addLeader(to: live, connection) else { return nil }
        let number = connection.onClose { [weak self] in
            self?.enter { $0.handle(.leaderEnded(leader), id) }
        }
        live.joining[leader] = (connection, number)
        do throws(ServiceError) {
            let namespace = try await namespace(of: live)
            return live.plan.leaders.contains(leader) ? namespace : nil
        } catch {
            let isEnding = !live.plan.leaders.contains(leader)
            handle(.leaderEnded(leader), id)
            if isEnding { return nil }
            throw error
        }
    }

    /// Takes the caller's word that it leads the session no more.
    ///
    /// A process that logged in more than once leads as often, and leaves once a time.
    func leave(_ name: String, connection: VarlinkConnection) {
        guard let id = SessionID(name), let live = sessions[id], let known = leader(of: connection),
            let leader = live.leaders.first(where: { $0.value.leader == known })?.key
        else { return }
        let isInside = connection.peerNamespaceCookie != nil && connection.peerNamespaceCookie == live.plan.cookie
        let event: PlanEvent =
            isInside && live.plan.leaders.count == 1 ? .closeAsked(nil, from: .inside) : .leaderEnded(leader)
        // The answer first: the end drops the service's connections that belong to the namespace, perhaps this one too.
        Task { self.handle(event, id) }
    }

    /// Makes the caller a leader; nil where the session takes none any more.
    private func addLeader(
        to live: LiveSession, _ connection: VarlinkConnection
    ) throws(ServiceError) -> LeaderID? {
        guard let process = try? connection.openPeerProcess(), let known = leader(of: connection) else {
            throw .failed(text: "the caller's process cannot be watched")
        }
        lastLeader += 1
        let leader = LeaderID(lastLeader)
        live.leaders[leader] = watch(process, known, as: leader, of: live.lease.session)
        handle(.entered(leader), live.lease.session)
        if live.plan.leaders.contains(leader) { return leader }
        live.leaders.removeValue(forKey: leader)?.cancel()
        return nil
    }

    /// The process at the other end; nil where it has ended.
    private func leader(of connection: VarlinkConnection) -> Leader? {
        ProcessIdentity(pid: connection.peer.pid).map { Leader(pid: $0.pid, startTicks: $0.startTicks) }
    }
}
