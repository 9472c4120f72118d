internal import Addressing
internal import Leasing
internal import Testing

/// A session may have an IPv4 and an IPv6 address, which are taken, remembered and given back together.
extension LeaseStoreContract {
    private static func pair(_ id: String, _ four: String, _ six: String, nth: UInt32 = 1) throws -> Lease {
        let plain = try lease(id, nil, nth: nth)
        return Lease(
            session: plain.session, bootID: plain.bootID, number: plain.number, pool: plain.pool,
            addresses: [try sessionAddress("\(four)/24"), try sessionAddress("\(six)/64", gateway: "fe80::1")],
            parent: plain.parent, macvlanMode: plain.macvlanMode, user: plain.user, uid: plain.uid,
            service: plain.service, mode: plain.mode, leftovers: plain.leftovers, openedAt: plain.openedAt,
            openedBoot: plain.openedBoot)
    }

    /// Both or neither: whichever of the two another lease has, and in whatever role.
    static func checkPairTaken(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        let first = try pair("aaaaaaaa", "10.1.0.1", "2001:db8::1")
        try await store.storeIntent(first)
        let others = [
            (try pair("bbbbbbbb", "10.1.0.2", "2001:db8::1", nth: 2), "2001:db8::1"),
            (try pair("cccccccc", "10.1.0.1", "2001:db8::2", nth: 3), "10.1.0.1"),
            (try lease("dddddddd", "2001:db8::1", nth: 4), "2001:db8::1"),
        ]
        for (other, taken) in others {
            let error = await #expect(throws: LeaseStoreError.self) { try await store.storeIntent(other) }
            #expect(error?.takenAddress == (try address(taken)))
            // Nothing of it stays: not the address that was free, and no history.
            #expect(try await store.openBoot1() == StoredState(leases: [first], lastNumber: first.number, released: []))
            #expect(try await store.plainHistory() == [HistoryRecord(opening: first)])
        }
        try await store.use(try pair("eeeeeeee", "10.1.0.2", "2001:db8::2", nth: 5), until: 9_000_000)
        try await store.release(first.session)
        for (other, _) in others.prefix(1) { try await store.storeIntent(other) }
        #expect(try await store.openBoot1().leases == [others[0].0])
    }

    static func checkPairHistory(_ opener: Opener) async throws {
        let store = try await opener()
        _ = try await store.openBoot1()
        try await store.use(try pair("aaaaaaaa", "10.1.0.1", "2001:db8::1"), until: 2_000_000)
        try await store.use(try lease("bbbbbbbb", "10.1.0.2", nth: 2), until: 3_000_000)
        for text in ["10.1.0.1", "2001:db8::1"] {
            let found = try await store.history(HistoryQuery(address: try address(text), user: "alice", at: 1_500_000))
            #expect(found.map(\.session) == ["aaaaaaaa"])
            #expect(found.map(\.pairedAddress?.description) == ["2001:db8::1"])
        }
        #expect(try await store.history(HistoryQuery(address: try address("2001:db8::2"))) == [])
        // A place of the pool is known by its first address.
        #expect(try await store.openBoot1().released.map(\.description) == ["10.1.0.1", "10.1.0.2"])
    }
}
