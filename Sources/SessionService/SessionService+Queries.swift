internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import SessionPlan
internal import Varlink

extension SessionService {
    /// All sessions that the caller may see, in the order of their opening.
    func list(_ caller: Caller) -> [Session] {
        let visible = sessions.values.filter { caller.maySee($0.lease) }
        return visible.sorted { $0.lease.number < $1.lease.number }.map { Session($0) }
    }

    /// One session and its members.
    func show(_ name: String, _ caller: Caller) async throws(ServiceError) -> Method.Show.Reply {
        let live = try find(name, for: caller)
        do throws(HelperFailure) {
            let members = try await members()[live.lease.number] ?? []
            return Method.Show.Reply(session: Session(live), members: members.sorted())
        } catch {
            throw .helperUnavailable(text: error.description)
        }
    }

    /// All pools, the first of the configuration first.
    func listPools() -> [PoolStatus] {
        var counts: [String: [SessionPlan.State: Int]] = [:]
        for live in sessions.values where live.lease.address != nil {
            counts[live.lease.pool, default: [:]][live.plan.state, default: 0] += 1
        }
        return poolOrder.compactMap { pools[$0] }.map { PoolStatus($0, counts[$0.pool.name] ?? [:]) }
    }

    /// What the store remembers; others than root and operators see their own.
    func history(
        _ parameters: Method.History.Parameters, most: Int, _ caller: Caller
    ) async throws(ServiceError) -> [HistoryEntry] {
        var query = HistoryQuery(user: parameters.user, at: parameters.at)
        query.limit = min(max(parameters.limit ?? 100, 0), most)
        if let text = parameters.address {
            guard let address = IPAddress(text) else { throw .failed(text: "'\(text)' is not an address") }
            query.address = address
        }
        if !caller.isRoot && !caller.isOperator { query.uid = caller.uid }
        // Who was refused is in the history when it is asked.
        await lastRefusal?.value
        do throws(LeaseStoreError) {
            return try await store.history(query).map(HistoryEntry.init)
        } catch {
            throw .failed(text: error.description)
        }
    }
}

extension PoolStatus {
    fileprivate init(_ state: PoolState, _ counts: [SessionPlan.State: Int]) {
        let pool = state.pool
        let living: [SessionPlan.State] = [.allocating, .active, .lingering, .closing]
        self.init(
            name: pool.name, ranges: pool.ranges.map(\.description), prefixLength: pool.prefixLength,
            gateway: pool.gateway?.description, parent: pool.parent, macvlanMode: pool.macvlanMode.rawValue,
            exhaustion: pool.exhaustion.rawValue, leftovers: pool.leftovers == .wait ? .wait : .kill,
            holdMilliseconds: pool.hold.milliseconds, total: Int(clamping: pool.total),
            free: Int(clamping: state.allocator.free), leased: living.reduce(0) { $0 + (counts[$1] ?? 0) },
            held: counts[.held] ?? 0, quarantined: counts[.quarantined] ?? 0)
    }
}

extension HistoryEntry {
    fileprivate init(_ record: HistoryRecord) {
        self.init(
            id: record.session, boot: record.bootID, user: record.user, uid: record.uid, service: record.service,
            pool: record.pool, address: record.address?.description, outcome: record.outcome, opened: record.openedAt,
            openedBoot: record.openedBoot, ended: record.endedAt, endedBoot: record.endedBoot, reason: record.reason)
    }
}
