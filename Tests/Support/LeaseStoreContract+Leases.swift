internal import Addressing
internal import Leasing
internal import Testing

extension LeaseStoreContract {
    static func checkEmpty(_ opener: Opener) async throws {
        let store = try await opener()
        let state = try await store.openBoot1()
        #expect(state == StoredState(leases: [], lastNumber: 1_048_575, released: []))
        #expect(try await store.history(HistoryQuery()) == [])
    }

    static func checkIntent(_ opener: Opener) async throws {
        let full = Lease(
            session: try session("k7f3q2m2"), bootID: "boot-1", number: UInt32.max, cookie: UInt64.max,
            pool: "v6 'pool'",
            addresses: [
                try sessionAddress("10.9.0.7/16"), try sessionAddress("2001:db8::7/64", gateway: "fe80::1"),
            ],
            parent: "eth1.7", macvlanMode: .private, user: "zo\u{EB}", uid: UInt32.max, service: "login",
            mode: .reserve,
            scope: .user, leftovers: .kill, phase: .lingering,
            leaders: [Leader(pid: 1, startTicks: UInt64.max), Leader(pid: Int32.max, startTicks: 0)],
            openedAt: Int64.max, openedBoot: 0, heldUntilBoot: Int64.max)
        let plain = try lease("aaaaaaaa", "10.1.0.1")
        let first = try await opener()
        _ = try await first.openBoot1()
        try await first.storeIntent(full)
        try await first.storeIntent(plain)
        let second = try await opener()
        let state = try await second.openBoot1()
        #expect(state == StoredState(leases: [plain, full], lastNumber: UInt32.max, released: []))
        #expect(try await second.plainHistory() == [HistoryRecord(opening: plain), HistoryRecord(opening: full)])
    }

    static func checkAddressTaken(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let first = try lease("aaaaaaaa", "10.1.0.1")
        try await store.storeIntent(first)
        let error = await #expect(throws: LeaseStoreError.self) {
            try await store.storeIntent(try lease("bbbbbbbb", "10.1.0.1", nth: 2))
        }
        #expect(error?.cause == .addressTaken(try address("10.1.0.1")))
        #expect(error?.takenAddress == first.address)
        #expect(try await store.openBoot1() == StoredState(leases: [first], lastNumber: first.number, released: []))
        #expect(try await store.plainHistory() == [HistoryRecord(opening: first)])
    }

    static func checkSessionTwice(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let first = try lease("aaaaaaaa", "10.1.0.1")
        try await store.storeIntent(first)
        let error = await #expect(throws: LeaseStoreError.self) {
            try await store.storeIntent(try lease("aaaaaaaa", "10.1.0.2", nth: 2))
        }
        #expect(error?.takenAddress == nil)
        #expect(try await store.openBoot1() == StoredState(leases: [first], lastNumber: first.number, released: []))
        #expect(try await store.plainHistory().count == 1)
    }

    static func checkIsolated(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let leases = [try lease("aaaaaaaa", nil), try lease("bbbbbbbb", nil, nth: 2)]
        for lease in leases { try await store.storeIntent(lease) }
        #expect(try await store.openBoot1().leases == leases)
        #expect(try await store.history(HistoryQuery()).map(\.outcome) == ["isolated", "isolated"])
        try await store.recordEnd(leases[0], at: 5, boot: 6, reason: "closed")
        try await store.release(leases[0].session)
        #expect(try await store.openBoot1().released == [])
    }

    static func checkUpdate(_ opener: Opener) async throws {
        var changing = try lease("aaaaaaaa", "10.1.0.1")
        let other = try lease("bbbbbbbb", "10.1.0.2", nth: 2)
        let store = try await opener()
        _ = try await store.openBoot1()
        try await store.storeIntent(changing)
        try await store.storeIntent(other)
        for (step, phase) in LeasePhase.allCases.enumerated() {
            changing.phase = phase
            changing.cookie = step == 0 ? nil : 1 << 63 + UInt64(step)
            changing.leaders = (0..<step).map { Leader(pid: Int32($0 + 1), startTicks: UInt64(step)) }
            changing.heldUntilBoot = step.isMultiple(of: 2) ? nil : Int64(step)
            try await store.update(changing)
            let reopened = try await opener()
            #expect(try await reopened.openBoot1().leases == [changing, other])
        }
    }

    static func checkUpdateOfNothing(_ opener: Opener) async throws {
        let store = try await opener()
        let empty = try await store.openBoot1()
        try await store.update(try lease("aaaaaaaa", "10.1.0.1", phase: .active))
        try await store.recordEnd(try lease("aaaaaaaa", "10.1.0.1"), at: 1, boot: 1, reason: "closed")
        #expect(try await store.openBoot1() == empty)
    }

    static func checkReleaseTwice(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let kept = try lease("bbbbbbbb", "10.1.0.2", nth: 2)
        try await store.storeIntent(try lease("aaaaaaaa", "10.1.0.1"))
        try await store.storeIntent(kept)
        for _ in 0..<2 { try await store.release(try session("aaaaaaaa")) }
        #expect(try await store.openBoot1().leases == [kept])
        try await store.storeIntent(try lease("cccccccc", "10.1.0.1", nth: 3))
        #expect(try await store.openBoot1().leases.count == 2)
    }

    static func checkNumbers(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let high = try lease("aaaaaaaa", "10.1.0.1", nth: 9)
        try await store.storeIntent(high)
        try await store.storeIntent(try lease("bbbbbbbb", "10.1.0.2", nth: 4))
        try await store.release(high.session)
        let reopened = try await opener()
        #expect(try await reopened.openBoot1().lastNumber == high.number)
    }
}
