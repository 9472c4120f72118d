internal import Leasing
internal import Testing

extension LeaseStoreContract {
    private static let day: Int64 = 86_400_000_000

    static func checkPeaks(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        #expect(try await store.poolUse() == [])
        try await store.recordPeak(3, ofPool: "lab", at: 10)
        try await store.recordPeak(2, ofPool: "lab", at: 20)
        try await store.recordPeak(1, ofPool: "callcenter", at: 30)
        try await store.recordPeak(9, ofPool: "lab", at: day + 5)
        try await store.recordPeak(8, ofPool: "lab", at: day * 2)
        let again = try await opener()
        #expect(
            try await again.poolUse() == [
                PoolUse(pool: "callcenter", peak: 1, peakAt: 30, refusals: 0, lastRefusalAt: nil, since: 30),
                PoolUse(pool: "lab", peak: 9, peakAt: day + 5, refusals: 0, lastRefusalAt: nil, since: 10),
            ])
    }

    static func checkRefusals(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        try await store.recordRefusal(refusal("denied", user: "dora"))
        try await store.recordRefusal(refusal("shared", user: "dora"))
        // The pool had an address; it was the helper that could not.
        try await store.recordRefusal(refusal("failed", user: "dora", at: "10.1.0.1"))
        try await store.use(try lease("aaaaaaaa", nil, openedAt: 5_000_000), until: 6_000_000)
        try await store.use(try lease("bbbbbbbb", "10.1.0.1", openedAt: 7_000_000), until: 8_000_000)
        #expect(
            try await store.poolUse() == [
                PoolUse(
                    pool: "lab", peak: 0, peakAt: nil, refusals: 3, lastRefusalAt: 5_000_000, since: 4_000_000)
            ])
    }

    static func checkForgetting(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        for (nth, id) in ["aaaaaaaa", "bbbbbbbb", "cccccccc", "dddddddd"].enumerated() {
            let opened = Int64(nth) * day
            try await store.use(try lease(id, "10.1.0.\(nth + 1)", openedAt: opened), until: opened + 1)
            try await store.recordPeak(nth + 1, ofPool: "lab", at: opened)
        }
        // Lives on, however long ago it was opened.
        try await store.storeIntent(try lease("eeeeeeee", "10.1.0.9", openedAt: 0))
        let released = try await store.openBoot1().released
        func limit(days: Int64) -> HistoryLimit {
            HistoryLimit(real: days * day, boot: days * day / 1000, includesFormerBoots: true)
        }
        #expect(try await store.forgetHistory(limit(days: 0), atMost: 10) == 0)
        #expect(try await store.forgetHistory(limit(days: 3), atMost: 2) == 2)
        #expect(try await store.history(HistoryQuery()).map(\.session) == ["eeeeeeee", "dddddddd", "cccccccc"])
        #expect(try await store.forgetHistory(limit(days: 3), atMost: 2) == 1)
        #expect(try await store.forgetHistory(limit(days: 3), atMost: 2) == 0)
        #expect(try await store.history(HistoryQuery()).map(\.session) == ["eeeeeeee", "dddddddd"])
        #expect(try await store.poolUse().map(\.since) == [3 * day])
        // The order of granting does not hang on the history.
        #expect(try await store.openBoot1().released == released)
    }

    static func checkForgettingByTwoClocks(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        try await store.use(try lease("aaaaaaaa", "10.1.0.1", openedAt: 1), until: day)
        try await store.recordPeak(1, ofPool: "lab", at: day)
        _ = try await store.open(boot: "boot-2", nowReal: 2 * day, nowBoot: 0)
        try await store.use(try lease("bbbbbbbb", "10.1.0.2", boot: "boot-2", openedAt: 2 * day), until: 3 * day)
        // A clock that is years ahead, and whose word alone counts for what former boots have left.
        let ahead = HistoryLimit(real: 1000 * day, boot: day / 1000, includesFormerBoots: false)
        #expect(try await store.forgetHistory(ahead, atMost: 10) == 0)
        #expect(try await store.poolUse().count == 1)
        var limit = ahead
        limit.includesFormerBoots = true
        #expect(try await store.forgetHistory(limit, atMost: 10) == 1)
        #expect(try await store.history(HistoryQuery()).map(\.session) == ["bbbbbbbb"])
        // A clock that is years behind.
        limit = HistoryLimit(real: -1000 * day, boot: 1000 * day, includesFormerBoots: true)
        #expect(try await store.forgetHistory(limit, atMost: 10) == 0)
        limit.real = 4 * day
        #expect(try await store.forgetHistory(limit, atMost: 10) == 1)
    }
}
