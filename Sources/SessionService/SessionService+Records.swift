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
        let isStored = write("state", logger(for: live)) { [store, lease = live.lease] () throws(LeaseStoreError) in
            try await store.update(lease)
        }
        live.lastRecord = isStored
        Task.immediate(executorPreference: loop) { [weak live] in
            if await isStored.value { return }
            // A service that is started anew must find the state, whichever it is by then.
            await loop.sleep(for: .seconds(1))
            if let live, self.sessions[live.lease.session] === live { self.recordState(live) }
        }
    }

    func recordEnd(_ live: LiveSession, _ reason: EndReason) {
        live.refreshLease()
        let now = SystemClock.bootTimeMicroseconds()
        if live.lease.address != nil {
            live.lease.heldUntilBoot = now + Int64(rest(of: live).microseconds)
        }
        let end = SessionEnd(
            lease: live.lease, real: SystemClock.realTimeMicroseconds(), boot: now, reason: "\(reason)",
            failed: !live.wasHandedOver)
        live.unstoredEnd = end
        write("end", logger(for: live)) { () throws(LeaseStoreError) in
            try await self.store(end)
            live.unstoredEnd = nil
        }
    }

    private func store(_ end: SessionEnd) async throws(LeaseStoreError) {
        try await store.recordEnd(end.lease, at: end.real, boot: end.boot, reason: end.reason, failed: end.failed)
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
        let addresses = live.lease.addresses.map(\.address)
        addressesBeingReleased[id] = addresses
        pendingWrites += 1
        Task.immediate(executorPreference: loop) {
            await self.deleteRow(of: live)
            self.pendingWrites -= 1
            self.addressesBeingReleased[id] = nil
            // By the configuration of today they may belong to another pool than they came from.
            for name in self.poolOrder { _ = self.pools[name]?.allocator.giveBack(addresses) }
            self.releasedElsewhere += addresses.filter { !self.isOfSomePool($0) }
        }
    }

    /// Tries until it is done: a full disk, or an administrator's lock on the file, must not cost an address, nor its end
    /// in the history.
    private func deleteRow(of live: LiveSession) async {
        var isTold = false
        while true {
            do throws(LeaseStoreError) {
                if let end = live.unstoredEnd { try await store(end) }
                return try await store.release(live.lease.session)
            } catch {
                if !isTold { logger(for: live).error("cannot release, trying again", metadata: ["error": "\(error)"]) }
                isTold = true
                await loop.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Hands a write to the store in order and does not wait; a failure is logged, for the plan does not build on it.
    ///
    /// - Returns: what ends when the write is done, and tells whether it was.
    @discardableResult
    func write(
        _ what: String, _ logger: Logger, _ write: @escaping () async throws(LeaseStoreError) -> Void
    ) -> Task<Bool, Never> {
        pendingWrites += 1
        return Task.immediate(executorPreference: loop) {
            defer { self.pendingWrites -= 1 }
            do throws(LeaseStoreError) {
                try await write()
                return true
            } catch {
                logger.error("cannot store", metadata: ["what": "\(what)", "error": "\(error)"])
                return false
            }
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
