internal import Addressing
internal import ClientAPI
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan

/// How long an address rests that something else has.
///
/// Short, because on a loaded host that may be the address's own last link, which the kernel has not taken down yet.
private let quarantine = Duration.seconds(10)

/// What a session leaves in the store, in the log and with those who watch.
extension SessionService {
    func recordState(_ live: LiveSession) {
        live.refreshLease()
        live.lastRecord = store(live, "state") { [store, lease = live.lease] () throws(LeaseStoreError) in
            try await store.update(lease)
        }
    }

    func recordEnd(_ live: LiveSession, _ reason: EndReason) {
        live.refreshLease()
        let now = SystemClock.bootTimeMicroseconds()
        if live.lease.address != nil {
            live.lease.heldUntilBoot = now + Int64(rest(of: live).microseconds)
        }
        let real = SystemClock.realTimeMicroseconds()
        let failed = !live.wasHandedOver
        store(live, "end") { [store, lease = live.lease] () throws(LeaseStoreError) in
            try await store.recordEnd(lease, at: real, boot: now, reason: "\(reason)", failed: failed)
        }
    }

    private func rest(of live: LiveSession) -> Duration {
        let hold = (live.pool ?? pools[live.lease.pool]?.pool)?.hold ?? Pool.minimumHold
        return live.plan.state == .quarantined ? max(hold, quarantine) : hold
    }

    /// Forgets the session.
    ///
    /// Its address may be granted again once its row is gone: until then the store would refuse the next lease of it.
    func release(_ live: LiveSession) {
        let id = live.lease.session
        sessions[id] = nil
        idsByNumber[live.lease.number] = nil
        live.timers = [:]
        settleClosers(live)
        refuse(live, .closed)
        live.forgetOpener()
        let lease = live.lease
        let addresses = lease.addresses.map(\.address)
        addressesBeingReleased[id] = addresses
        pendingWrites += 1
        Task.immediate(executorPreference: loop) {
            await self.deleteRow(of: lease)
            self.pendingWrites -= 1
            self.addressesBeingReleased[id] = nil
            // By the configuration of today they may belong to another pool than they came from.
            for name in self.poolOrder { _ = self.pools[name]?.allocator.giveBack(addresses) }
            self.releasedElsewhere += addresses.filter { !self.isOfSomePool($0) }
        }
    }

    /// Tries until it is done: a full disk, or an administrator's lock on the file, must not cost an address.
    private func deleteRow(of lease: Lease) async {
        while true {
            do throws(LeaseStoreError) {
                return try await store.release(lease.session)
            } catch {
                logger.error(
                    "cannot release, trying again", metadata: ["session": "\(lease.session)", "error": "\(error)"])
                if (try? await Task.sleep(for: .seconds(2))) == nil { return }
            }
        }
    }

    /// Hands a write to the store in order and does not wait; a failure is logged, for the plan does not build on it.
    ///
    /// - Returns: what ends when the write is done.
    @discardableResult
    private func store(
        _ live: LiveSession, _ what: String, _ write: @escaping () async throws(LeaseStoreError) -> Void
    ) -> Task<Void, Never> {
        self.write(what, logger(for: live), write)
    }

    /// ``store(_:_:_:)`` for what belongs to no session.
    func write(
        _ what: String, _ logger: Logger, _ write: @escaping () async throws(LeaseStoreError) -> Void
    ) -> Task<Void, Never> {
        pendingWrites += 1
        return Task.immediate(executorPreference: loop) {
            do throws(LeaseStoreError) {
                try await write()
            } catch {
                logger.error("cannot store", metadata: ["what": "\(what)", "error": "\(error)"])
            }
            self.pendingWrites -= 1
        }
    }

    func settleClosers(_ live: LiveSession) {
        for closer in live.closers.values { closer.resume() }
        live.closers = [:]
    }

    func announce(_ notice: PlanNotice, _ live: LiveSession) {
        let kind: WatchEvent.Kind =
            switch notice {
            case .opened: .opened
            case .entered: .entered
            case .lingering: .lingering
            case .closing: .closing
            case .closed: .closed
            case .freed: .freed
            case .refused: .refused
            case .failed: .failed
            }
        let text = notice == .failed ? live.lastFailure.text : nil
        logger(for: live).info("session event", metadata: ["kind": "\(kind.rawValue)"])
        guard watchers.isWatched else { return }
        watchers.publish(
            WatchEvent(
                time: SystemClock.realTimeMicroseconds(), kind: kind, session: Session(live), text: text))
    }
}
