internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan

/// The collector: frees what reconciliation cannot prove to be of no use; docs/decisions/0022.
///
/// Reconciliation compares at moments in which nothing else happens, or after the kernel has said that something was
/// lost. Here something is looked for that should never be: so it is suspected first, and freed only where it is seen
/// again, the very same, after a grace.
extension SessionService {
    /// How long something is suspected before it is freed.
    private var grace: Duration { surroundings.collectEvery * 2 }

    /// Looks every 30 s.
    func runCollector() async {
        while !Task.isCancelled {
            await loop.sleep(for: surroundings.collectEvery)
            // Without helper nothing can be told, and when it comes all is compared anyway.
            if helper != nil, isAdopted { _ = try? await collect(dryRun: false) }
        }
    }

    /// The same, asked for by an administrator.
    func collect(_ asked: Method.Collect.Parameters, for caller: Caller) async throws(ServiceError) -> [Suspect] {
        guard caller.isRoot else { throw .permissionDenied(text: "only root collects") }
        do throws(HelperFailure) {
            return try await collect(dryRun: asked.dryRun)
        } catch {
            throw error.isAboutHelper
                ? .helperUnavailable(text: error.description) : .failed(text: error.description)
        }
    }

    private func collect(dryRun: Bool) async throws(HelperFailure) -> [Suspect] {
        let previous = collector.lastRound
        let round = Task.immediate(executorPreference: loop) { () -> Result<[Suspect], HelperFailure> in
            await previous?.value
            do throws(HelperFailure) {
                return .success(try await self.look(dryRun: dryRun))
            } catch {
                return .failure(error)
            }
        }
        collector.lastRound = Task(executorPreference: loop) { _ = await round.value }
        return try await round.value.get()
    }

    private func look(dryRun: Bool) async throws(HelperFailure) -> [Suspect] {
        let found = try await findSuspects()
        let now = SystemClock.bootTimeMicroseconds()
        let former = collector.suspects
        collector.suspects = [:]
        for subject in found {
            let since = former[subject] ?? .init(sinceBoot: now, since: SystemClock.realTimeMicroseconds())
            collector.suspects[subject] = since
            if former[subject] == nil { note(.suspected, subject) }
        }
        var suspects: [Suspect] = []
        for (subject, suspicion) in collector.suspects.sorted(by: { $0.value.sinceBoot < $1.value.sinceBoot }) {
            let isDue = now - suspicion.sinceBoot >= Int64(grace.microseconds)
            let isFreed = !dryRun && isDue ? await free(subject) : false
            suspects.append(
                Suspect(subject, suspicion, due: suspicion.since + Int64(grace.microseconds), freed: isFreed))
        }
        return suspects
    }

    /// What is seen now.
    ///
    /// Sessions are read before the kernel is asked: one that is made between the two is not among them, and is known by
    /// the time that the answer is looked at.
    private func findSuspects() async throws(HelperFailure) -> Set<Collector.Subject> {
        let rows = sessions.values.filter { $0.plan.mayBeGone && $0.plan.cookie != nil }
        let known = rows.prefix(HelperRequest.mostKnown)
        let request: HelperRequest =
            known.isEmpty
            ? .list : .survey(known: known.map { .init(session: $0.lease.session, number: $0.lease.number) })
        var all: [HelperAnswer.Found] = []
        for case .found(let found) in try await ask(request).parts { all.append(found) }
        var suspects = Set(lostSessions(rows, known: known.count, all))
        // Of those that were asked about it is told that they are no more; they may have ended meanwhile as they should.
        let asked = Set(known.map(\.lease.session))
        for found in all where !isKnown(found) && !(found.session.map(asked.contains) ?? false) {
            suspects.insert(.remains(found))
        }
        return suspects.union(lostPlaces())
    }

    /// Sessions that were there before the question, and whose number the kernel did not know then.
    private func lostSessions(
        _ rows: [LiveSession], known: Int, _ all: [HelperAnswer.Found]
    ) -> [Collector.Subject] {
        let numbers = Set(all.compactMap(\.number))
        let numberless = Dictionary(
            all.filter { $0.number == nil }.compactMap { found in found.session.map { ($0, found) } }
        ) {
            first, _ in first
        }
        return rows.enumerated().compactMap { index, live in
            // What has ended meanwhile was heard of.
            guard sessions[live.lease.session] === live, live.plan.mayBeGone, let cookie = live.plan.cookie,
                live.lease.bootID == surroundings.bootID
            else { return nil }
            let found = numberless[live.lease.session]
            let isLost = index < known ? found != nil : !numbers.contains(live.lease.number)
            // Its pin leads to the very namespace: that lives, whatever its number is.
            guard isLost, found?.cookie != cookie else { return nil }
            return .session(live.lease.session, boot: live.lease.bootID, cookie: cookie)
        }
    }

    private func lostPlaces() -> [Collector.Subject] {
        let claimed = Set(sessions.values.flatMap { $0.lease.addresses.map(\.address) })
            .union(addressesBeingReleased.values.joined())
        return pools.flatMap { name, state in
            state.allocator.unclaimed(by: claimed).map { .place(pool: name, $0) }
        }
    }

    /// Frees it by the way that its like ends by; looked at again just before.
    ///
    /// - Returns: whether it was freed.
    private func free(_ subject: Collector.Subject) async -> Bool {
        switch subject {
        case .session(let id, let boot, let cookie):
            guard let live = sessions[id], live.lease.bootID == boot, live.plan.cookie == cookie, live.plan.mayBeGone
            else { return false }
            note(.collected, subject)
            handle(.networkGone, id)
        case .remains(let found):
            guard !isKnown(found), await removeOrphan(found) else { return false }
            note(.collected, subject)
        case .place(let pool, let addresses):
            guard lostPlaces().contains(subject) else { return false }
            note(.collected, subject)
            pools[pool]?.allocator.giveBack(addresses)
        }
        collector.suspects[subject] = nil
        return true
    }

    private func note(_ kind: WatchEvent.Kind, _ subject: Collector.Subject) {
        let text = subject.text
        logger.warning(
            kind == .suspected ? "suspected to be of no use" : "collected",
            metadata: ["what": "\(subject.name)", "why": "\(text)"])
        var live: LiveSession?
        if case .session(let id, _, _) = subject { live = sessions[id] }
        tell(kind, live, "\(subject.name): \(text)")
    }
}

extension SessionPlan {
    /// Whether it would stay as it is for ever where the kernel's word is lost.
    ///
    /// In any other state it goes on by itself: a timer runs, or an answer is waited for that comes or is given up.
    fileprivate var mayBeGone: Bool { state == .active }
}

extension Collector.Subject {
    /// What it is.
    fileprivate var name: String {
        switch self {
        case .session(let id, _, _): "session \(id)"
        case .remains(let found):
            found.session.map { "remains of session \($0)" } ?? "namespace \(found.number.map { "\($0)" } ?? "-")"
        case .place(let pool, let addresses):
            "address \(addresses.first.map { "\($0)" } ?? "-") of pool '\(pool)'"
        }
    }

    /// Why it is suspected.
    fileprivate var text: String {
        switch self {
        case .session: "its namespace is gone, and nobody said so"
        case .remains(let found):
            switch (found.session != nil, found.hasLink) {
            case (true, true): "its pin and its link are there, and there is no such session"
            case (true, false): "its pin or its name is there, and there is no such session"
            case (false, _): "it has a session's link, and no session has its number"
            }
        case .place: "it is taken, and no session has it"
        }
    }
}

extension Suspect {
    fileprivate init(_ subject: Collector.Subject, _ suspicion: Collector.Suspicion, due: Int64, freed: Bool) {
        var session: SessionID?
        var number: UInt32?
        var place: (pool: String, address: IPAddress?)?
        let kind: Kind
        switch subject {
        case .session(let id, _, _): (kind, session) = (.session, id)
        case .remains(let found): (kind, session, number) = (.remains, found.session, found.number)
        case .place(let pool, let addresses): (kind, place) = (.address, (pool, addresses.first))
        }
        self.init(
            kind: kind, session: session?.description, number: number.map { Int32(bitPattern: $0) }, pool: place?.pool,
            address: place?.address?.description, since: suspicion.since, due: due, freed: freed, text: subject.text)
    }
}
