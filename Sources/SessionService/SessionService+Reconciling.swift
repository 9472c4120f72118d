internal import Addressing
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import SessionPlan

extension SessionService {
    /// Takes up what an earlier service has stored, held against what the kernel has, before anybody is served.
    ///
    /// - Throws: ``StoreBehind``; where the helper cannot list, or a leader's process not be watched: nothing is taken up
    ///   then.
    func adopt(_ stored: StoredState) async throws {
        lastNumber = max(lastNumber, stored.lastNumber)
        let found = try await listKernel()
        try await refuseUnknown(found, stored)
        let members = stored.leases.contains { $0.phase == .allocating } ? try await members() : [:]
        let leaders = try livingLeaders(stored.leases)
        prepareAllocators(stored)
        // The end of a hold that is over already comes at once: the longest free goes first.
        for lease in stored.leases.sorted(by: { ($0.heldUntilBoot ?? 0) < ($1.heldUntilBoot ?? 0) }) {
            let live = adopt(
                lease, found.byNumber[lease.number], members[lease.number],
                leaders: leaders[lease.session] ?? [:])
            // Without a wait in between: a leader's end that came before it would mean nothing to the plan.
            advance(live, "resume") { $0.resume() }
        }
        await removeOrphans(found)
        logger.info("reconciled", metadata: ["leases": "\(stored.leases.count)", "kernel": "\(found.all.count)"])
    }

    /// Holds the living sessions against the kernel again, after events were lost or the helper was started anew.
    func reconcile() async throws {
        // Only those that were made before the question: the answer cannot know of a later one.
        let made = sessions.values.filter { $0.plan.cookie != nil }
        let found = try await listKernel()
        for live in made where found.byNumber[live.lease.number] == nil {
            handle(.networkGone, live.lease.session)
        }
        await removeOrphans(found)
    }

    /// What the kernel has of ours.
    struct KernelState {
        var all: [HelperAnswer.Found] = []
        var byNumber: [UInt32: HelperAnswer.Found] = [:]
    }

    private func listKernel() async throws(HelperFailure) -> KernelState {
        var state = KernelState()
        for part in try await ask(.list).parts {
            guard case .found(let found) = part else { continue }
            state.all.append(found)
            if let number = found.number { state.byNumber[number] = found }
        }
        // A number whose namespace lives is never given again, whatever the store remembers.
        // Numbers of others far above ours would leave none to give.
        lastNumber = max(lastNumber, state.byNumber.keys.filter { $0 < 1 << 30 }.max() ?? 0)
        return state
    }

    private func prepareAllocators(_ stored: StoredState) {
        let inUse = stored.leases.map { $0.addresses.map(\.address) }
        for (name, state) in pools {
            pools[name]?.allocator = PoolAllocator(pool: state.pool, inUse: inUse, released: stored.released)
        }
        keepElsewhere(stored.released)
    }

    private func adopt(
        _ lease: Lease, _ found: HelperAnswer.Found?, _ members: [Int32]?, leaders: [LeaderID: LeaderWatch]
    ) -> LiveSession {
        let state = AdoptedState(
            lease, isKnown: isSame(lease, found), hasMembers: members?.isEmpty == false, leaders: Set(leaders.keys))
        let plan = SessionPlan(
            adopting: state, leftovers: lease.leftovers, hasAddress: lease.address != nil,
            cookie: lease.cookie ?? found?.cookie)
        let live = LiveSession(lease: lease, plan: plan)
        live.wasHandedOver = lease.phase != .allocating || lease.cookie != nil
        live.leaders = leaders
        sessions[lease.session] = live
        idsByNumber[lease.number] = lease.session
        logger(for: live).info(
            "adopted",
            metadata: [
                "state": "\(lease.phase.rawValue)", "leaders": "\(leaders.count) of \(lease.leaders.count)",
            ])
        return live
    }

    /// Whether the kernel's namespace of that number is the very one: never by number alone where both have a cookie.
    private func isSame(_ lease: Lease, _ found: HelperAnswer.Found?) -> Bool {
        guard let found else { return false }
        guard let stored = lease.cookie, let cookie = found.cookie else { return true }
        return stored == cookie
    }

    /// Those of the stored leaders that still live, watched.
    ///
    /// - Throws: where one cannot be watched: taken for ended, it would cost people their session.
    private func livingLeaders(
        _ leases: [Lease]
    ) throws(AdoptionFailure) -> [SessionID: [LeaderID: LeaderWatch]] {
        var found: [SessionID: [LeaderID: LeaderWatch]] = [:]
        for lease in leases {
            for leader in lease.leaders {
                lastLeader += 1
                let number = LeaderID(lastLeader)
                found[lease.session, default: [:]][number] = try watch(leader, as: number, of: lease.session)
            }
        }
        return found
    }

    /// nil where it has ended: same number, same start.
    private func watch(
        _ leader: Leader, as number: LeaderID, of session: SessionID
    ) throws(AdoptionFailure) -> LeaderWatch? {
        do throws(Errno) {
            // Held first, then compared: between the two it cannot become another process.
            let process = try PidDescriptor(pid: leader.pid)
            guard try ProcessIdentity.find(pid: leader.pid).startTicks == leader.startTicks else { return nil }
            return watch(process, leader, as: number, of: session)
        } catch .noSuchProcess {
            return nil
        } catch {
            throw AdoptionFailure(
                description: "cannot watch process \(leader.pid), which leads session '\(session)': \(error)")
        }
    }

    /// Makes sure that no session lives whose lease was stored and is not there.
    ///
    /// A session has its link, and processes, only after its intent was durable: the store is damaged, lost, or a copy of
    /// an earlier one. What is half made has neither, and is taken apart.
    private func refuseUnknown(_ found: KernelState, _ stored: StoredState) async throws {
        let sessions = Set(stored.leases.map(\.session))
        let numbers = Set(stored.leases.map(\.number))
        let unknown = found.all.filter { orphan in
            if let session = orphan.session {
                return !sessions.contains(session) && !stored.endedByReboot.contains(session)
            }
            return orphan.hasLink && orphan.number.map { !numbers.contains($0) } ?? false
        }
        if unknown.isEmpty { return }
        let members = try await members()
        let living = unknown.filter { orphan in
            orphan.hasLink || orphan.number.flatMap { members[$0] }?.isEmpty == false
        }
        if !living.isEmpty { throw StoreBehind(sessions: living.map { $0.session?.description ?? "-" }.sorted()) }
    }

    /// Takes apart what the kernel has and nobody knows: made while its intent was being stored, or of another boot.
    ///
    /// Its address may be granted to somebody else at any time, so its link goes whoever is in it.
    private func removeOrphans(_ found: KernelState) async {
        for orphan in found.all where !isKnown(orphan) { _ = await removeOrphan(orphan) }
    }

    /// - Returns: whether all of it was done.
    func removeOrphan(_ orphan: HelperAnswer.Found) async -> Bool {
        let name = orphan.session?.description ?? "-"
        logger.warning(
            "taking apart a session that is not stored",
            metadata: ["session": "\(name)", "number": "\(orphan.number ?? 0)"])
        do throws(HelperFailure) {
            if let number = orphan.number, orphan.hasLink { _ = try await ask(.deleteLink(number: number)) }
            if let session = orphan.session {
                // A wreck without a number: the answer, whether that number lives, is not looked at.
                let number = orphan.number ?? HelperProtocol.firstNumber
                _ = try await ask(.dismantle(session, number: number))
            }
            return true
        } catch {
            logger.error("cannot take it apart", metadata: ["session": "\(name)", "error": "\(error)"])
            return false
        }
    }

    func isKnown(_ found: HelperAnswer.Found) -> Bool {
        if let session = found.session { return sessions[session] != nil }
        // Without pin and link it holds no address: somebody outside keeps an empty namespace alive.
        guard found.hasLink else { return true }
        return found.number.flatMap { idsByNumber[$0] } != nil
    }
}

/// Why stored sessions cannot be taken up just now.
struct AdoptionFailure: Error, CustomStringConvertible {
    let description: String
}

/// A store that knows less than was stored in it.
public struct StoreBehind: Error, CustomStringConvertible {
    let sessions: [String]

    /// One sentence for an administrator.
    public var description: String {
        let names = sessions.prefix(5).map { "'\($0)'" }.joined(separator: ", ")
        let rest = sessions.count > 5 ? " and \(sessions.count - 5) more" : ""
        let cure = "it is damaged, lost, or an earlier copy; stop the service and run 'vipns repair'"
        let what = "the lease store does not know \(sessions.count) sessions that live: \(names)\(rest)"
        return "cannot serve: \(what) (\(cure))"
    }
}
