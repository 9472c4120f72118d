internal import Addressing
internal import Leasing
internal import Testing

extension LeaseStoreContract {
    static func checkEnd(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        var ending = try lease("aaaaaaaa", "10.1.0.1")
        try await store.storeIntent(ending)
        ending.phase = .held
        ending.heldUntilBoot = 9000
        try await store.recordEnd(ending, at: 8_000_000, boot: 8000, reason: "last leader ended")
        ending.phase = .quarantined
        try await store.recordEnd(ending, at: 9_000_000, boot: 9000, reason: "said again")
        let reopened = try await opener()
        // The address rests: it is leased until it is released, and so not among the free ones.
        #expect(
            try await reopened.openBoot1() == StoredState(leases: [ending], lastNumber: ending.number, released: []))
        var expected = HistoryRecord(opening: ending)
        expected.endedAt = 8_000_000
        expected.endedBoot = 8000
        expected.reason = "last leader ended"
        #expect(try await reopened.plainHistory() == [expected])
        try await reopened.release(ending.session)
        #expect(try await reopened.openBoot1().released == [try address("10.1.0.1")])
    }

    static func checkReleasedOrder(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let uses = ["10.1.0.3", "10.1.0.1", "10.1.0.2", "10.1.0.1", "10.1.0.9"]
        for (index, text) in uses.enumerated() {
            let used = try lease(SessionID.random().description, text, nth: UInt32(index + 1))
            try await store.use(used, until: Int64(index))
        }
        let expected = try ["10.1.0.3", "10.1.0.2", "10.1.0.1", "10.1.0.9"].map { try address($0) }
        #expect(try await store.openBoot1().released == expected)
        try await store.storeIntent(try lease("zzzzzzzz", "10.1.0.2", nth: 10))
        let reopened = try await opener()
        #expect(try await reopened.openBoot1().released == expected.filter { $0.description != "10.1.0.2" })
    }

    static func checkOtherBoot(_ opener: Opener) async throws {
        let first = try await opener()
        _ = try await first.openBoot1()
        try await first.use(try lease("aaaaaaaa", "10.1.0.5"), until: 7)
        try await first.storeIntent(try lease("bbbbbbbb", "10.1.0.4", nth: 2))
        try await first.storeIntent(try lease("cccccccc", nil, nth: 3))
        try await first.recordRefusal(refusal("shared", user: "dora"))

        let second = try await opener()
        let state = try await second.open(boot: "boot-2", nowReal: 99, nowBoot: 5)
        let released = try ["10.1.0.5", "10.1.0.4"].map { try address($0) }
        var expected = StoredState(leases: [], lastNumber: StoredState.numberBeforeFirst, released: released)
        expected.endedByReboot = Set(["bbbbbbbb", "cccccccc"].compactMap { SessionID($0) })
        #expect(state == expected)
        let history = try await second.history(HistoryQuery())
        #expect(history.map(\.outcome) == ["shared", "isolated", "granted", "granted"])
        #expect(history.map(\.endedAt) == [nil, 99, 99, 7])
        #expect(history.map(\.endedBoot) == [nil, nil, nil, 0])
        #expect(history.map(\.reason) == ["full", "ended by reboot", "ended by reboot", "last leader ended"])

        let fresh = try lease("dddddddd", "10.1.0.4", boot: "boot-2")
        try await second.storeIntent(fresh)
        #expect(
            try await second.open(boot: "boot-2", nowReal: 100, nowBoot: 6)
                == StoredState(leases: [fresh], lastNumber: fresh.number, released: [try address("10.1.0.5")]))
    }

    static func checkSameBoot(_ opener: Opener) async throws {
        let first = try await opener()
        _ = try await first.openBoot1()
        let living = try lease("aaaaaaaa", "10.1.0.1", phase: .active)
        try await first.storeIntent(living)
        for _ in 0..<2 {
            let again = try await opener()
            #expect(try await again.openBoot1().leases == [living])
            #expect(try await again.history(HistoryQuery()).map(\.endedAt) == [nil])
        }
    }

    static func checkConcurrentIntents(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let leases = try (1...64).map { nth in
            try lease(SessionID.random().description, "10.1.0.\(nth)", nth: UInt32(nth))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lease in leases { group.addTask { try await store.storeIntent(lease) } }
            try await group.waitForAll()
        }
        let reopened = try await opener()
        #expect(try await reopened.openBoot1().leases == leases)
        #expect(try await reopened.history(HistoryQuery()).count == leases.count)
    }

    static func checkRaceForAddress(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        // Every second one has an address to itself: the losers beside it must not take it down.
        let leases = try (1...64).map { nth in
            let text = nth.isMultiple(of: 2) ? "10.1.0.\(nth)" : "10.1.0.1"
            return try lease(SessionID.random().description, text, nth: UInt32(nth))
        }
        let winners = await withTaskGroup(of: Lease?.self) { group in
            for lease in leases {
                group.addTask { await (try? store.storeIntent(lease)) == nil ? nil : lease }
            }
            return await group.reduce(into: Set<Lease>()) { if let lease = $1 { $0.insert(lease) } }
        }
        #expect(winners.count == 33)
        #expect(winners.count { $0.address?.description == "10.1.0.1" } == 1)
        #expect(Set(try await store.openBoot1().leases) == winners)
        #expect(try await store.history(HistoryQuery()).count == 33)
    }
}
