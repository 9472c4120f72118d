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
    /// Answered once that is written: whoever was told so is a leader for a service that is started anew, too. Who goes away
    /// before the answer is no leader: it may not know that it is one.
    func entered(_ name: String, connection: VarlinkConnection) async throws(ServiceError) {
        let caller = caller(connection)
        guard caller.isRoot else { throw .permissionDenied(text: "only root enters sessions") }
        let live = try find(name, for: caller)
        let leader = try leader(entering: live, connection)
        _ = await live.lastRecord?.value
        guard let leader else { return }
        if connection.isClientGone { return handle(.leaderEnded(leader), live.lease.session) }
        live.forgetJoining(leader)
    }

    /// The leader that the caller becomes, or has become when it joined; nil where it was one before.
    private func leader(
        entering live: LiveSession, _ connection: VarlinkConnection
    ) throws(ServiceError) -> LeaderID? {
        if let leader = live.joining.first(where: { $0.value.connection === connection })?.key { return leader }
        // Saying it twice makes nobody two leaders; logging in twice does.
        if live.openerWatch?.connection !== connection, let known = try? process(of: connection).leader,
            live.leaders.values.contains(where: { $0.leader == known })
        {
            return nil
        }
        let leader = try addLeader(to: live, connection)
        live.forgetOpener()
        guard let leader else {
            throw .wrongState(session: live.lease.session.description, state: Session(live).state)
        }
        return leader
    }

    /// Takes the caller as one more leader of a session that is there already, and gives the namespace.
    ///
    /// It leads from now on, so that the session does not end under it; it leads no more when the connection ends before
    /// it is in. Gives nil where the session is ending.
    func join(_ live: LiveSession, connection: VarlinkConnection) async throws(ServiceError) -> DescriptorBox? {
        if let opener = live.openerWatch?.connection {
            // It has the namespace and is on its way in. From now on it counts like the one who joins, and not for nothing.
            live.forgetOpener()
            _ = try? addLeader(to: live, opener)
        }
        guard let leader = try addLeader(to: live, connection) else { return nil }
        do throws(ServiceError) {
            let namespace = try await namespace(of: live)
            return live.plan.leaders.contains(leader) ? namespace : nil
        } catch {
            let isEnding = !live.plan.leaders.contains(leader)
            handle(.leaderEnded(leader), live.lease.session)
            if isEnding { return nil }
            throw error
        }
    }

    /// Takes the caller's word that it leads the session no more.
    ///
    /// A process that logged in more than once leads as often, and leaves once a time.
    func leave(_ name: String, connection: VarlinkConnection) {
        guard let id = SessionID(name), let live = sessions[id], caller(connection).maySee(live.lease),
            let known = try? process(of: connection).leader,
            let leader = live.leaders.first(where: { $0.value.leader == known })?.key
        else { return }
        let isInside = connection.peerNamespaceCookie != nil && connection.peerNamespaceCookie == live.plan.cookie
        let event: PlanEvent =
            isInside && live.plan.leaders.count == 1 ? .closeAsked(nil, from: .inside) : .leaderEnded(leader)
        // The answer first: the end drops the service's connections that belong to the namespace, perhaps this one too.
        Task { self.handle(event, id) }
    }

    /// Makes the caller a leader, for as long as its connection lasts or until ``LiveSession/forgetJoining(_:)``.
    ///
    /// Gives nil where the session takes none any more.
    private func addLeader(
        to live: LiveSession, _ connection: VarlinkConnection
    ) throws(ServiceError) -> LeaderID? {
        let found = try process(of: connection)
        let id = live.lease.session
        lastLeader += 1
        let leader = LeaderID(lastLeader)
        let known = found.leader
        live.leaders[leader] = watch(found.process, known, as: leader, of: id)
        handle(.entered(leader), id)
        guard live.plan.leaders.contains(leader) else {
            live.leaders.removeValue(forKey: leader)?.cancel()
            return nil
        }
        let number = connection.onClose { [weak self] in
            self?.enter { $0.handle(.leaderEnded(leader), id) }
        }
        live.joining[leader] = (connection, number)
        return leader
    }

    /// A process at the other end of a connection, and what tells it from every other.
    private struct Peer: ~Copyable {
        let process: PidDescriptor
        let leader: Leader
    }

    /// The process that connected.
    ///
    /// Held first, then looked at, then seen to live: so its number cannot have come to mean another. Somebody may keep a
    /// connection whose maker has ended, and wait until its number is a login's.
    private func process(of connection: VarlinkConnection) throws(ServiceError) -> Peer {
        do throws(Errno) {
            let process = try connection.openPeerProcess()
            let identity = try ProcessIdentity.find(pid: connection.peer.pid)
            if process.hasEnded { throw .noSuchProcess }
            return Peer(process: process, leader: Leader(pid: identity.pid, startTicks: identity.startTicks))
        } catch {
            throw .failed(text: "the caller's process cannot be watched: \(error)")
        }
    }
}
