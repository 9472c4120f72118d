internal import Addressing
internal import Leasing
internal import Testing

extension LeaseStoreContract {
    /// The record of a request that got no session.
    static func refusal(_ outcome: String, user: String, at text: String? = nil) throws -> HistoryRecord {
        HistoryRecord(
            session: "", bootID: "boot-1", user: user, uid: 1004, service: "sshd", pool: "lab",
            address: try text.map { try address($0) }, outcome: outcome, openedAt: 4_000_000, openedBoot: 4000,
            reason: "full")
    }

    /// Stores what both history rules look at, oldest first.
    private static func fill(_ store: any LeaseStore) async throws {
        _ = try await store.openBoot1()
        try await store.use(try lease("aaaaaaaa", "10.1.0.1", user: "alice", uid: 1001, openedAt: 10), until: 20)
        try await store.use(try lease("bbbbbbbb", "10.1.0.1", user: "bob", uid: 1002, openedAt: 20), until: 30)
        try await store.use(try lease("cccccccc", nil, user: "carol", uid: 1003, openedAt: 15), until: 40)
        try await store.recordRefusal(refusal("denied", user: "dora"))
        // Chosen, but never granted: the helper could not make it.
        try await store.recordRefusal(refusal("failed", user: "dora", at: "10.1.0.1"))
        try await store.storeIntent(try lease("eeeeeeee", "10.1.0.2", user: "alice", uid: 1001, openedAt: 25))
    }

    static func checkFilters(_ opener: Opener) async throws {
        let store = try await opener()
        try await fill(store)
        let one = try address("10.1.0.1")
        let cases: [(HistoryQuery, [String])] = [
            (HistoryQuery(), ["eeeeeeee", "", "", "cccccccc", "bbbbbbbb", "aaaaaaaa"]),
            (HistoryQuery(address: one), ["", "bbbbbbbb", "aaaaaaaa"]),
            (HistoryQuery(user: "alice"), ["eeeeeeee", "aaaaaaaa"]),
            (HistoryQuery(user: "ALICE"), []),
            (HistoryQuery(uid: 1002), ["bbbbbbbb"]),
            (HistoryQuery(address: one, user: "alice"), ["aaaaaaaa"]),
            (HistoryQuery(address: one, user: "alice", uid: 1002), []),
            (HistoryQuery(address: try address("10.1.0.77")), []),
            (HistoryQuery(since: 31), ["eeeeeeee", "", "", "cccccccc"]),
            (HistoryQuery(since: 20, until: 21), ["cccccccc", "bbbbbbbb", "aaaaaaaa"]),
            (HistoryQuery(until: 10), []),
            (HistoryQuery(limit: 2), ["eeeeeeee", ""]),
            (HistoryQuery(limit: 0), []),
            (HistoryQuery(limit: -1), []),
        ]
        for (query, sessions) in cases {
            #expect(try await store.history(query).map(\.session) == sessions, "\(query)")
        }
    }

    static func checkHistoryAt(_ opener: Opener) async throws {
        let store = try await opener()
        try await fill(store)
        let one = try address("10.1.0.1")
        let cases: [(HistoryQuery, [String])] = [
            (HistoryQuery(at: 9), []),
            (HistoryQuery(at: 10), ["aaaaaaaa"]),
            (HistoryQuery(at: 19), ["aaaaaaaa"]),
            (HistoryQuery(at: 20), ["bbbbbbbb"]),
            (HistoryQuery(at: 25), ["eeeeeeee", "bbbbbbbb"]),
            (HistoryQuery(address: one, at: 25), ["bbbbbbbb"]),
            (HistoryQuery(address: one, at: 30), []),
            (HistoryQuery(at: 4_000_000), ["eeeeeeee"]),
            (HistoryQuery(user: "carol", at: 16), []),
            (HistoryQuery(user: "dora", at: 4_000_000), []),
        ]
        for (query, sessions) in cases {
            #expect(try await store.history(query).map(\.session) == sessions, "\(query)")
        }
    }

    static func checkPages(_ opener: Opener) async throws {
        let store = try await opener()
        try await fill(store)
        let all = try await store.history(HistoryQuery())
        var paged: [HistoryRecord] = []
        var query = HistoryQuery(limit: 4)
        while true {
            let page = try await store.history(query)
            guard let last = page.last else { break }
            paged += page
            let position: Int64 = try #require(last.position)
            query.before = position
        }
        #expect(paged == all)
    }
}
