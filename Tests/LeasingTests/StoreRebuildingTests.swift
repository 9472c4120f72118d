internal import Addressing
internal import Leasing
internal import Testing

/// What becomes of each lease when a store is put together again; the kernel decides.
struct StoreRebuildingTests {
    private static let boot = "boot-1"

    private func session(_ text: String) throws -> SessionID { try #require(SessionID(text)) }
    private func prefix(_ text: String) throws -> IPPrefix { try #require(IPPrefix("\(text)/24")) }

    private func lease(
        _ id: String, _ number: UInt32, _ address: String, boot: String = boot, cookie: UInt64? = 7,
        phase: LeasePhase = .active
    ) throws -> Lease {
        Lease(
            session: try session(id), bootID: boot, number: 0x100000 + number, cookie: cookie, pool: "lab",
            addresses: [SessionAddress(prefix: try prefix(address), gateway: nil)], parent: "eth1",
            macvlanMode: .private, user: "alice", uid: 1000, service: "sshd", mode: .enter, scope: .user,
            leftovers: .kill, phase: phase, leaders: [Leader(pid: 5, startTicks: 50)], openedAt: 100, openedBoot: 10)
    }

    private func found(
        _ id: String?, _ number: UInt32, _ address: String?, cookie: UInt64? = 7,
        members: [KernelSession.Member] = [.init(process: Leader(pid: 9, startTicks: 90), parent: 1, uid: 1002)]
    ) throws -> KernelSession {
        KernelSession(
            session: try id.map(session), number: 0x100000 + number, cookie: cookie, hasLink: address != nil,
            link: try address.map {
                KernelSession.Link(parent: "eth1", mode: .bridge, addresses: [try prefix($0)])
            }, members: members)
    }

    private func rebuild(
        _ leases: [Lease], _ kernel: [KernelSession], history: [HistoryRecord] = [], mayLackRows: Bool = false,
        hold: Duration = .seconds(2)
    ) throws -> StoreRebuilding {
        var salvaged = SalvagedStore()
        salvaged.leases = leases
        salvaged.history = history
        salvaged.mayLackRows = mayLackRows
        let range = try #require(IPRange("10.1.0.1-10.1.0.20"))
        let network = PoolNetwork(ranges: [range], prefixLength: 24, gateway: IPAddress("10.1.0.254"))
        let pool = Pool(
            name: "desk", networks: [network], parent: "eth1", macvlanMode: .bridge, hold: hold, exhaustion: .deny,
            leftovers: .wait)
        return StoreRebuilding(
            salvaged, kernel: kernel,
            in: .init(
                pools: [pool], bootID: Self.boot, real: 5_000_000, boot: 4_000_000, name: { "user\($0)" },
                newSession: { SessionID.random() }))
    }

    @Test func `a lease that the kernel confirms stays as it was stored`() throws {
        let lease = try lease("aaaaaaaa", 1, "10.1.0.1")
        let rebuilt = try rebuild(
            [lease], [try found("aaaaaaaa", 1, "10.1.0.1")], history: [HistoryRecord(opening: lease)])
        #expect(rebuilt.store.leases == [lease])
        #expect(rebuilt.changesNothing)
    }

    @Test(arguments: [
        ("aaaaaaaa", UInt32(1), "10.1.0.2", UInt64(7)), ("aaaaaaaa", 1, "10.1.0.1", 8), ("bbbbbbbb", 1, "10.1.0.1", 7),
        ("aaaaaaaa", 2, "10.1.0.1", 7),
    ])
    func `where the kernel says otherwise the lease is made anew from it`(
        id: String, number: UInt32, address: String, cookie: UInt64
    ) throws {
        let kernel = try found(id, number, address, cookie: cookie)
        let rebuilt = try rebuild([try lease("aaaaaaaa", 1, "10.1.0.1")], [kernel])
        #expect(rebuilt.kept.isEmpty && rebuilt.made.count == 1)
        let made = try #require(rebuilt.made.first)
        #expect(made.session == kernel.session && made.number == kernel.number && made.cookie == cookie)
        #expect(made.addresses.map(\.prefix) == kernel.link?.addresses)
        // The one that was stored is in nobody's way: it goes where its address or its name is in use.
        #expect(rebuilt.dead.allSatisfy { $0.address != made.address && $0.session != made.session })
        #expect(Set(rebuilt.store.leases.compactMap(\.address)).count == rebuilt.store.leases.count)
    }

    @Test func `of a session without a row all is made from the kernel, and the history begins`() throws {
        let members: [KernelSession.Member] = [
            .init(process: Leader(pid: 30, startTicks: 300), parent: 20, uid: 1002),
            .init(process: Leader(pid: 20, startTicks: 200), parent: 1, uid: 0),
        ]
        let rebuilt = try rebuild([], [try found("aaaaaaaa", 3, "10.1.0.3", members: members)])
        let made = try #require(rebuilt.made.first)
        #expect(made.user == "user1002" && made.uid == 1002 && made.service == "repair" && made.pool == "desk")
        #expect(made.leaders == [Leader(pid: 20, startTicks: 200)])
        #expect(made.phase == .active && made.mode == .enter && made.addresses[0].gateway == IPAddress("10.1.0.254"))
        #expect(rebuilt.store.history.map(\.session) == ["aaaaaaaa"])
        #expect(rebuilt.store.lastNumber == 0x100003)
    }

    @Test func `the history tells whose a session is, where its row does not`() throws {
        let record = HistoryRecord(opening: try lease("aaaaaaaa", 3, "10.1.0.3"))
        let rebuilt = try rebuild([], [try found("aaaaaaaa", 3, "10.1.0.3")], history: [record])
        let made = try #require(rebuilt.made.first)
        #expect(made.user == "alice" && made.uid == 1000 && made.service == "sshd" && made.openedAt == 100)
        #expect(rebuilt.store.history == [record])
    }

    @Test func `what has no process and no pin lingers or is kept ready`() throws {
        let unpinned = try found(nil, 4, "10.1.0.4", cookie: nil)
        let reserved = try found("bbbbbbbb", 5, "10.1.0.5", members: [])
        let half = try found("cccccccc", 6, nil, members: [])
        let rebuilt = try rebuild([], [unpinned, reserved, half])
        #expect(rebuilt.made.map(\.phase) == [.lingering, .active])
        #expect(rebuilt.made.map(\.mode) == [.enter, .reserve])
        #expect(rebuilt.made.map(\.leaders) == [[], []])
    }

    @Test func `what lives no more is kept, but for what is in the way`() throws {
        let gone = try lease("aaaaaaaa", 1, "10.1.0.1")
        let inTheWay = try lease("bbbbbbbb", 2, "10.1.0.2")
        let other = try lease("cccccccc", 3, "10.1.0.3", boot: "boot-0")
        let rebuilt = try rebuild([gone, inTheWay, other], [try found("dddddddd", 4, "10.1.0.2")])
        #expect(rebuilt.dead == [gone])
        #expect(rebuilt.dropped.map(\.lease) == [inTheWay])
        #expect(Set(rebuilt.store.leases.map(\.session.description)) == ["aaaaaaaa", "dddddddd"])
    }

    @Test func `what was in use a moment ago rests for its pool's hold`() throws {
        var ended = HistoryRecord(opening: try lease("aaaaaaaa", 1, "10.1.0.1"))
        ended.endedAt = 4_000_000
        ended.endedBoot = 3_000_000
        var before = HistoryRecord(opening: try lease("bbbbbbbb", 2, "10.1.0.2"))
        before.endedAt = 2_900_000
        before.endedBoot = 1_900_000
        let open = HistoryRecord(opening: try lease("cccccccc", 3, "10.1.0.3"))
        let rebuilt = try rebuild([], [], history: [ended, before, open])
        #expect(rebuilt.resting.map { $0.address?.description } == ["10.1.0.1", "10.1.0.3"])
        #expect(rebuilt.resting.map(\.heldUntilBoot) == [5_000_000, 6_000_000])
        #expect(rebuilt.resting.allSatisfy { $0.phase == .held })
        #expect(rebuilt.closedRecords == 1 && rebuilt.store.history[2].reason == "found ended by repair")
    }

    @Test func `an end that is said to come is one of now`() throws {
        var ended = HistoryRecord(opening: try lease("aaaaaaaa", 1, "10.1.0.1"))
        ended.endedAt = 4_000_000
        ended.endedBoot = .max
        let rebuilt = try rebuild([], [], history: [ended])
        #expect(rebuilt.resting.map(\.heldUntilBoot) == [6_000_000])
    }

    @Test func `where rows may be missing all that is free rests`() throws {
        let rebuilt = try rebuild([], [try found("aaaaaaaa", 1, "10.1.0.1")], mayLackRows: true)
        #expect(rebuilt.resting.count == 19)
        #expect(rebuilt.resting.allSatisfy { $0.heldUntilBoot == 6_000_000 })
        #expect(Set(rebuilt.store.leases.map(\.number)).count == 20)
    }
}
