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
    func listPools() async throws(ServiceError) -> [PoolStatus] {
        let uses = try await poolUses()
        var counts: [String: [SessionPlan.State: Int]] = [:]
        for live in sessions.values where live.lease.address != nil {
            counts[live.lease.pool, default: [:]][live.plan.state, default: 0] += 1
        }
        return poolOrder.compactMap { pools[$0] }.map {
            PoolStatus($0, counts[$0.pool.name] ?? [:], uses[$0.pool.name])
        }
    }

    private func poolUses() async throws(ServiceError) -> [String: PoolUse] {
        // Who was refused is counted when it is asked.
        _ = await lastRefusal?.value
        do throws(LeaseStoreError) {
            return Dictionary(try await store.poolUse().map { ($0.pool, $0) }) { $1 }
        } catch {
            throw .failed(text: error.description)
        }
    }

    /// What to ask the store; others than root and operators see their own.
    nonisolated func historyQuery(
        _ parameters: Method.History.Parameters, _ caller: Caller
    ) throws(ServiceError) -> HistoryQuery {
        var query = HistoryQuery(
            user: parameters.user, at: parameters.at, since: parameters.since, until: parameters.until,
            limit: max(parameters.limit ?? 100, 0))
        if let text = parameters.address {
            guard let address = IPAddress(text) else { throw .failed(text: "'\(text)' is not an address") }
            query.address = address
        }
        if !caller.isRoot && !caller.isOperator { query.uid = caller.uid }
        return query
    }

    /// What the store remembers, and the position of the last record.
    func history(_ query: HistoryQuery) async throws(ServiceError) -> ([HistoryEntry], position: Int64?) {
        // Who was refused is in the history when it is asked.
        _ = await lastRefusal?.value
        do throws(LeaseStoreError) {
            let records = try await store.history(query)
            return (records.map(HistoryEntry.init), records.last?.position)
        } catch {
            throw .failed(text: error.description)
        }
    }
}

extension PoolStatus {
    fileprivate init(_ state: PoolState, _ counts: [SessionPlan.State: Int], _ use: PoolUse?) {
        let pool = state.pool
        let living: [SessionPlan.State] = [.allocating, .active, .lingering, .closing]
        self.init(
            name: pool.name, networks: pool.networks.map(PoolNetworkStatus.init), parent: pool.parent,
            macvlanMode: pool.macvlanMode.rawValue, exhaustion: pool.exhaustion.rawValue,
            leftovers: pool.leftovers == .wait ? .wait : .kill, holdMilliseconds: pool.hold.milliseconds,
            order: pool.order.rawValue, mtu: pool.mtuBytes, routes: pool.routes.map(\.description),
            nameServers: pool.nameServers.map(\.description),
            sysctls: pool.preparation.settings.map(\.description),
            inherited: pool.preparation.inherited.map(\.description), firewall: pool.preparation.firewall,
            total: Int(clamping: pool.total),
            free: Int(clamping: state.allocator.free), leased: living.reduce(0) { $0 + (counts[$1] ?? 0) },
            held: counts[.held] ?? 0, quarantined: counts[.quarantined] ?? 0, peak: use?.peak ?? 0,
            peakAt: use?.peakAt, refusals: use?.refusals ?? 0, lastRefusal: use?.lastRefusalAt,
            countedSince: use?.since)
    }
}

extension PoolNetworkStatus {
    fileprivate init(_ network: PoolNetwork) {
        self.init(
            ranges: network.ranges.map(\.description), prefixLength: network.prefixLength,
            gateway: network.gateway?.description)
    }
}

extension HistoryEntry {
    fileprivate init(_ record: HistoryRecord) {
        self.init(
            id: record.session, boot: record.bootID, user: record.user, uid: record.uid, service: record.service,
            pool: record.pool, address: record.address?.description, pairedAddress: record.pairedAddress?.description,
            outcome: record.outcome, opened: record.openedAt, openedBoot: record.openedBoot, ended: record.endedAt,
            endedBoot: record.endedBoot, reason: record.reason)
    }
}
