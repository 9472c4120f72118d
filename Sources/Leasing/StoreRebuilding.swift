public import Addressing

/// Puts together what a damaged store still tells and what the kernel has; the kernel decides.
///
/// A lease that was read counts where session, boot, cookie and addresses are the kernel's; the rest is made anew, from
/// the kernel and the history. What the kernel has not is kept where it cannot be in the way: the service ends it at its
/// start.
public struct StoreRebuilding: Sendable {
    /// What it is done with.
    public struct Surroundings: Sendable {
        /// The pools of today's configuration.
        public var pools: [Pool]
        /// The running boot.
        public var bootID: String
        /// Now, in microseconds since 1970.
        public var real: Int64
        /// Now, in microseconds of CLOCK_BOOTTIME.
        public var boot: Int64
        /// A user's name.
        public var name: @Sendable (UInt32) -> String
        /// An id that no session has.
        public var newSession: @Sendable () -> SessionID

        /// Puts the facts together.
        public init(
            pools: [Pool], bootID: String, real: Int64, boot: Int64, name: @escaping @Sendable (UInt32) -> String,
            newSession: @escaping @Sendable () -> SessionID
        ) {
            self.pools = pools
            self.bootID = bootID
            self.real = real
            self.boot = boot
            self.name = name
            self.newSession = newSession
        }
    }

    /// How many addresses of one pool rest at most where nothing is known of the last ones' holds.
    public static let mostResting: UInt128 = 4096

    /// The new store.
    public private(set) var store: SalvagedStore
    /// Leases of living sessions that stay as they were stored.
    public private(set) var kept: [Lease] = []
    /// Leases of living sessions that were made anew.
    public private(set) var made: [Lease] = []
    /// Leases of what lives no more, as they were stored.
    public private(set) var dead: [Lease] = []
    /// Addresses that rest because they may have been in use a moment ago.
    public private(set) var resting: [Lease] = []
    /// Leases that could be read and are not taken over, each with the reason.
    public private(set) var dropped: [(lease: Lease, reason: String)] = []
    /// Records of history that were open and had no session any more.
    public private(set) var closedRecords = 0

    /// Records of living sessions that the history lacked.
    public private(set) var newRecords = 0

    private let surroundings: Surroundings
    private var taken: Set<IPAddress> = []

    /// Whether the store is as it was.
    public var changesNothing: Bool {
        made.isEmpty && resting.isEmpty && dropped.isEmpty && closedRecords + newRecords == 0
    }

    /// Rebuilds.
    public init(_ salvaged: SalvagedStore, kernel: [KernelSession], in surroundings: Surroundings) {
        self.store = salvaged
        self.surroundings = surroundings
        store.leases = []
        store.lastNumber = (kernel.map(\.number) + salvaged.leases.map(\.number)).filter { $0 < 1 << 30 }
            .reduce(salvaged.lastNumber, max)
        let stored = salvaged.leases.filter { $0.bootID == surroundings.bootID }
        var used: Set<SessionID> = []
        for found in kernel {
            let row = stored.first { $0.isOf(found) }
            // Nothing is in it and nothing leads to it: half-made, or somebody outside keeps an empty namespace alive.
            guard found.hasLink || !found.members.isEmpty || row != nil else { continue }
            if let row { used.insert(row.session) }
            adopt(found, row)
        }
        for row in stored where !used.contains(row.session) { keep(dead: row) }
        closeRecords()
        restAfterUse(salvaged.mayLackRows)
        let leases = kept + made + dead + resting
        store.leases = leases.sorted { $0.number < $1.number }
        let leased = Set(leases.flatMap(\.addresses).map(\.address))
        store.released.removeAll(where: leased.contains)
    }

    // MARK: - What lives

    private mutating func adopt(_ found: KernelSession, _ row: Lease?) {
        if let row, row.agrees(with: found), taken.isDisjoint(with: row.addresses.map(\.address)) {
            taken.formUnion(row.addresses.map(\.address))
            kept.append(row)
            return record(row)
        }
        let lease = lease(of: found, row)
        taken.formUnion(lease.addresses.map(\.address))
        made.append(lease)
        record(lease)
    }

    /// Sees to it that the history knows who has the address.
    private mutating func record(_ lease: Lease) {
        let open = openRecord(lease.session)
        if let open, store.history[open].address == lease.address { return }
        // The record says what the session had until now; what it has from now on is another one.
        if let open { close(open, "its address was changed") }
        store.history.append(HistoryRecord(opening: lease))
        newRecords += 1
    }

    private func openRecord(_ session: SessionID) -> Int? {
        store.history.lastIndex { $0.session == session.description && isOpen($0) }
    }

    private func isOpen(_ record: HistoryRecord) -> Bool {
        record.endedAt == nil && record.bootID == surroundings.bootID
            && [HistoryRecord.granted, HistoryRecord.isolated].contains(record.outcome)
    }

    private func lease(of found: KernelSession, _ row: Lease?) -> Lease {
        let session = found.session ?? row?.session ?? surroundings.newSession()
        let record = openRecord(session).map { store.history[$0] }
        let addresses = addresses(of: found)
        let uid = row?.uid ?? record?.uid ?? found.user
        let pool = pool(of: addresses.first?.address, named: row?.pool ?? record?.pool)
        let isPinned = found.session != nil
        return Lease(
            session: session, bootID: surroundings.bootID, number: found.number, cookie: found.cookie ?? row?.cookie,
            pool: pool?.name ?? row?.pool ?? record?.pool ?? "repair", addresses: addresses,
            parent: found.link?.parent ?? row?.parent ?? pool?.parent ?? "",
            macvlanMode: found.link?.mode ?? row?.macvlanMode ?? .bridge,
            user: row?.user ?? record?.user ?? surroundings.name(uid), uid: uid,
            service: row?.service ?? record?.service ?? "repair",
            mode: row?.mode ?? (found.members.isEmpty ? .reserve : .enter), scope: row?.scope ?? .session,
            leftovers: row?.leftovers ?? pool?.leftovers ?? .wait, phase: isPinned ? .active : .lingering,
            leaders: isPinned ? found.leaders : [], openedAt: row?.openedAt ?? record?.openedAt ?? surroundings.real,
            openedBoot: row?.openedBoot ?? record?.openedBoot ?? surroundings.boot)
    }

    private func addresses(of found: KernelSession) -> [SessionAddress] {
        (found.link?.addresses ?? []).map { prefix in
            let place = pool(of: prefix.address, named: nil).flatMap { pool in
                pool.place(of: prefix.address).map { pool.addresses(at: $0) }
            }
            let gateway = place?.first { $0.prefix == prefix }?.gateway
            return SessionAddress(prefix: prefix, gateway: gateway)
        }
    }

    private func pool(of address: IPAddress?, named name: String?) -> Pool? {
        guard let address else { return surroundings.pools.first { $0.name == name } }
        return surroundings.pools.first { $0.place(of: address) != nil }
    }

    // MARK: - What lives no more

    private mutating func keep(dead row: Lease) {
        let addresses = row.addresses.map(\.address)
        if let address = addresses.first(where: taken.contains) {
            return dropped.append((row, "another session has \(address)"))
        }
        if (kept + made + dead).contains(where: { $0.session == row.session || $0.number == row.number }) {
            return dropped.append((row, "another session has its name or its number"))
        }
        taken.formUnion(addresses)
        dead.append(row)
        if row.phase != .held, row.phase != .quarantined { record(row) }
    }

    /// The records of this boot that nothing stands behind any more.
    private mutating func closeRecords() {
        let sessions = Set((kept + made + dead).map(\.session.description))
        for index in store.history.indices where isOpen(store.history[index]) {
            guard !sessions.contains(store.history[index].session) else { continue }
            close(index, "found ended by repair")
        }
    }

    private mutating func close(_ index: Int, _ reason: String) {
        store.history[index].endedAt = surroundings.real
        store.history[index].endedBoot = surroundings.boot
        store.history[index].reason = reason
        closedRecords += 1
    }

    /// What was in use a moment ago rests for its pool's hold from then on: the history tells; or nothing does.
    private mutating func restAfterUse(_ mayLackRows: Bool) {
        for record in store.history where record.bootID == surroundings.bootID {
            guard let ended = record.endedBoot, let address = record.address else { continue }
            let addresses = [address, record.pairedAddress].compactMap(\.self)
            // What is damaged may say anything; nothing has ended later than now.
            rest(addresses, after: min(ended, surroundings.boot), record)
        }
        guard mayLackRows else { return }
        for pool in surroundings.pools {
            for place in 0..<min(pool.total, Self.mostResting) {
                rest(pool.addresses(at: place).map(\.address), after: surroundings.boot, nil)
            }
        }
    }

    private mutating func rest(_ addresses: [IPAddress], after ended: Int64, _ record: HistoryRecord?) {
        guard let pool = pool(of: addresses.first, named: nil), let place = addresses.first.flatMap(pool.place) else {
            return
        }
        let hold = pool.hold.components
        let until = ended + hold.seconds * 1_000_000 + hold.attoseconds / 1_000_000_000_000
        guard until > surroundings.boot, taken.isDisjoint(with: addresses) else { return }
        taken.formUnion(addresses)
        store.lastNumber += 1
        resting.append(
            Lease(
                session: surroundings.newSession(), bootID: surroundings.bootID, number: store.lastNumber,
                pool: pool.name,
                addresses: pool.addresses(at: place).filter { addresses.contains($0.address) }, parent: pool.parent,
                macvlanMode: pool.macvlanMode, user: record?.user ?? surroundings.name(0), uid: record?.uid ?? 0,
                service: record?.service ?? "repair", mode: .reserve, leftovers: pool.leftovers, phase: .held,
                openedAt: record?.openedAt ?? surroundings.real, openedBoot: record?.openedBoot ?? surroundings.boot,
                heldUntilBoot: until))
    }
}

extension Lease {
    /// Whether it is the lease of that very namespace, as far as the kernel tells.
    fileprivate func isOf(_ found: KernelSession) -> Bool {
        guard number == found.number, found.session == nil || found.session == session else { return false }
        guard let cookie, let other = found.cookie else { return true }
        return cookie == other
    }

    /// Whether nothing in the kernel speaks against it.
    fileprivate func agrees(with found: KernelSession) -> Bool {
        guard phase != .held, phase != .quarantined else { return false }
        // A link that somebody has taken away, or its address, is no other address.
        guard let link = found.link else { return true }
        return Set(link.addresses) == Set(addresses.map(\.prefix))
    }
}
