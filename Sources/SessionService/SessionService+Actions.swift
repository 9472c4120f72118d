internal import Addressing
internal import ClientAPI
internal import Glibc
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan
internal import Varlink

extension SessionService {
    /// Performs actions in order.
    ///
    /// Requests leave in that order, right after this; their answers come as later events.
    func perform(_ actions: [SessionAction], _ live: LiveSession) {
        for action in actions { perform(action, live) }
    }

    private func perform(_ action: SessionAction, _ live: LiveSession) {
        switch action {
        case .storeIntent: answered(live) { await self.storeIntent(live) }
        case .makeNamespace: answered(live) { await self.makeNamespace(live) }
        case .connectNetwork: answered(live) { await self.connectNetwork(live) }
        case .countMembers: answered(live) { await self.countMembers(live) }
        case .killMembers: answered(live) { await self.killMembers(live) }
        case .dismantle: answered(live) { await self.dismantle(live) }
        case .deleteLink: answered(live) { await self.deleteLink(live) }
        case .unpin: unanswered { await self.unpin(live) }
        case .dropConnections: unanswered { await self.dropConnections(live) }
        case .reportHolders: reportHolders(live)
        case .handOver: handOver(live)
        case .refuse(let failure): refuse(live, failure)
        case .watchLeader: break  // Watched since it was made known; see `entered`.
        case .forgetLeader(let leader):
            live.leaders.removeValue(forKey: leader)?.cancel()
            live.forgetJoining(leader)
        case .startTimer(let kind): startTimer(kind, live)
        case .stopTimer(let kind): live.timers[kind] = nil
        case .recordState: recordState(live)
        case .recordEnd(let reason): recordEnd(live, reason)
        case .release: release(live)
        case .announce(let notice): announce(notice, live)
        case .settleClosers: settleClosers(live)
        }
    }

    /// Begins `body` on the loop after all that was begun before, so that requests leave in the order of the actions.
    ///
    /// `Task.immediate` for its isolation; with an executor's preference it begins in its turn, like every task.
    private func answered(_ live: LiveSession, _ body: @escaping () async -> PlanEvent) {
        let id = live.lease.session
        Task.immediate(executorPreference: loop) {
            let event = await body()
            self.handle(event, id)
        }
    }

    private func unanswered(_ body: @escaping () async -> Void) {
        Task.immediate(executorPreference: loop) { await body() }
    }

    private func storeIntent(_ live: LiveSession) async -> PlanEvent {
        do throws(LeaseStoreError) {
            try await store.storeIntent(live.lease)
            return .intentStored
        } catch {
            live.lastFailure = .init(error.description)
            return .intentFailed
        }
    }

    private func makeNamespace(_ live: LiveSession) async -> PlanEvent {
        do throws(HelperFailure) {
            var preparation = live.pool?.preparation ?? NamespacePreparation()
            if let answering = live.pool?.nameServers, !answering.isEmpty {
                preparation.nameServers = NameServerRedirection(
                    asked: HostNameServers.current(), answering: answering)
            }
            let reply = try await ask(
                .make(live.lease.session, number: live.lease.number, preparation: preparation))
            guard case .cookie(let cookie)? = reply.parts.first else { return .namespaceFailed }
            return .namespaceMade(cookie: cookie)
        } catch {
            live.lastFailure = .init(error)
            return .namespaceFailed
        }
    }

    private func connectNetwork(_ live: LiveSession) async -> PlanEvent {
        do throws(HelperFailure) {
            let reply = try await ask(.connect(live.lease.session, link: live.link))
            guard let descriptor = reply.descriptor else {
                live.lastFailure = .init("vipns-helper sent no namespace")
                return .networkFailed(addressInUse: false)
            }
            live.descriptor = descriptor
            return .networkConnected
        } catch {
            live.lastFailure = .init(error)
            return .networkFailed(addressInUse: error.errno == EADDRINUSE)
        }
    }

    private func countMembers(_ live: LiveSession) async -> PlanEvent {
        do throws(HelperFailure) {
            return .membersCounted(try await members()[live.lease.number]?.count ?? 0)
        } catch {
            logger(for: live).warning("cannot count members, trying again", metadata: ["error": "\(error)"])
            return .countFailed
        }
    }

    private func killMembers(_ live: LiveSession) async -> PlanEvent {
        do throws(HelperFailure) {
            guard case .count(let left)? = try await ask(.kill(number: live.lease.number)).parts.first, left > 0 else {
                return .membersKilled
            }
            return .killIncomplete(remaining: Int(left))
        } catch {
            logger(for: live).warning("cannot kill members, trying again", metadata: ["error": "\(error)"])
            return .killIncomplete(remaining: 0)
        }
    }

    private func dismantle(_ live: LiveSession) async -> PlanEvent {
        live.descriptor = nil
        do throws(HelperFailure) {
            let reply = try await ask(.dismantle(live.lease.session, number: live.lease.number))
            guard case .alive(let alive, let inode)? = reply.parts.first else { return .dismantleFailed }
            live.inode = inode ?? live.inode
            // Its last holder gone, the kernel no longer finds the namespace, but tears it down a while later, and says so
            // then (RTM_DELNSID). Only of what never was is there nothing to hear.
            return .dismantled(alive: alive || live.plan.cookie != nil)
        } catch {
            logger(for: live).warning("cannot dismantle, trying again", metadata: ["error": "\(error)"])
            return .dismantleFailed
        }
    }

    private func deleteLink(_ live: LiveSession) async -> PlanEvent {
        do throws(HelperFailure) {
            _ = try await ask(.deleteLink(number: live.lease.number))
            return .linkDeleted
        } catch {
            logger(for: live).warning("cannot delete link, trying again", metadata: ["error": "\(error)"])
            return .linkDeletionFailed
        }
    }

    private func unpin(_ live: LiveSession) async {
        do throws(HelperFailure) {
            let reply = try await ask(.unpin(live.lease.session, number: live.lease.number))
            if case .alive(_, let inode?)? = reply.parts.first { live.inode = inode }
        } catch {
            // Dismantling comes at the end of every session and unpins again.
            logger(for: live).warning("cannot unpin, continuing", metadata: ["error": "\(error)"])
        }
    }

    private func dropConnections(_ live: LiveSession) async {
        guard let cookie = live.plan.cookie, let server else { return }
        await server.closeConnections { $0.peerNamespaceCookie == cookie }
    }

    private func startTimer(_ kind: TimerKind, _ live: LiveSession, after delay: Duration? = nil) {
        let id = live.lease.session
        let delay = delay ?? kind.delay ?? remainingHold(live)
        lastTimer += 1
        let number = lastTimer
        live.timers[kind] = number
        loop.perform(after: delay) { [weak self] in
            self?.enter { $0.ranOut(kind, number, id) }
        }
    }

    private func ranOut(_ kind: TimerKind, _ number: UInt64, _ id: SessionID) {
        guard let live = sessions[id], live.timers[kind] == number else { return }
        live.timers[kind] = nil
        if kind == .hold { endRest(live) } else { handle(.timer(kind), id) }
    }

    /// Lets an address go once no link has it: the kernel's word comes just before the link goes, on a loaded machine
    /// longer before than an address rests at the least.
    private func endRest(_ live: LiveSession) {
        let id = live.lease.session
        guard let mac = live.mac else { return handle(.timer(.hold), id) }
        unanswered {
            let isLinked = await self.isLinked(mac, to: live.lease.parent)
            if isLinked == false { return self.handle(.timer(.hold), id) }
            let overdue = SystemClock.bootTimeMicroseconds() - (live.lease.heldUntilBoot ?? 0)
            if isLinked == true, overdue > 1_000_000, !live.isLinkReported {
                live.isLinkReported = true
                self.logger(for: live).warning(
                    "a link still has the address, it is not granted until that is gone", metadata: ["mac": "\(mac)"])
            }
            // Whatever keeps it from looking may be over at any moment.
            let most: Int64 = isLinked == nil ? 100_000 : 1_000_000
            self.startTimer(.hold, live, after: .microseconds(min(max(overdue, 10_000), most)))
        }
    }

    private func remainingHold(_ live: LiveSession) -> Duration {
        guard let until = live.lease.heldUntilBoot else { return Pool.minimumHold }
        return .microseconds(max(0, until - SystemClock.bootTimeMicroseconds()))
    }
}

extension TimerKind {
    /// How long it runs; nil for the hold, which depends on the pool.
    fileprivate var delay: Duration? {
        switch self {
        case .entry: .seconds(10)
        case .kernelWord, .retry, .sweep: .seconds(1)
        case .hold: nil
        }
    }
}
