internal import Addressing
internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

struct SQLiteLeaseStoreTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    @Test(arguments: LeaseStoreContract.allCases)
    func `the store keeps the contract`(_ rule: LeaseStoreContract) async throws {
        let file = folder.file
        try await rule.check { try SQLiteLeaseStore(path: file) }
    }

    @Test func `the writer waits for the disk and keeps a write-ahead log`() async throws {
        let store = try SQLiteLeaseStore(path: folder.file)
        _ = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        let (synchronous, journal) = try await store.database.writeWithoutTransaction { connection in
            (
                try Int.fetchOne(connection, sql: "PRAGMA synchronous"),
                try String.fetchOne(connection, sql: "PRAGMA journal_mode")
            )
        }
        // 2 is FULL, 1 is the NORMAL that GRDB would leave.
        #expect(synchronous == 2)
        #expect(journal == "wal")
    }

    @Test func `an intent survives a kill right after it was stored`() async throws {
        let file = folder.file
        let expected = try lease("k7f3q2m2", "10.1.0.7")
        await #expect(processExitsWith: .signal(SIGKILL)) { [file = file as String] in
            let store = try SQLiteLeaseStore(path: file)
            _ = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
            try await store.storeIntent(try lease("k7f3q2m2", "10.1.0.7"))
            kill(getpid(), SIGKILL)
        }
        let store = try SQLiteLeaseStore(path: file)
        let state = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        #expect(state.leases == [expected])
        #expect(try await store.history(HistoryQuery()).map(\.session) == ["k7f3q2m2"])
    }

    @Test func `writes that wait together share a transaction, and a failure takes only itself`() async throws {
        let store = try SQLiteLeaseStore(path: folder.file)
        _ = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        let commits = CommitCounter()
        store.database.add(transactionObserver: commits, extent: .databaseLifetime)
        let leases = try (1...20).map {
            try lease(SessionID.random().description, "10.1.0.\($0 == 13 ? 12 : $0)", nth: UInt32($0))
        }
        keepBusy(store, until: 20)
        let failures = await withTaskGroup(of: Bool.self) { group in
            for lease in leases { group.addTask { await (try? store.storeIntent(lease)) == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(failures == 1)
        #expect(commits.count == 1)
        #expect(try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0).leases.count == 19)
    }

    @Test func `when SQLite gives up a transaction, all that shared it fail and nothing is stored`() async throws {
        let store = try SQLiteLeaseStore(path: folder.file)
        let empty = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        let leases = try (1...6).map { try lease(SessionID.random().description, "10.1.0.\($0)", nth: UInt32($0)) }
        keepBusy(store, until: 7)
        let causes = await withTaskGroup(of: String.self) { group in
            for lease in leases.prefix(3) { group.addTask { await cause { try await store.storeIntent(lease) } } }
            // A conflict that rolls back everything, as a full disk may.
            group.addTask {
                let broken = "INSERT OR ROLLBACK INTO boot VALUES (0, '', 0)"
                return await cause { try await store.writes.perform { try $0.execute(sql: broken) } }
            }
            for lease in leases.dropFirst(3) {
                group.addTask { await cause { try await store.storeIntent(lease) } }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let conflict = "UNIQUE constraint failed: boot.id (\(SQLiteLeaseStore.damageHint))"
        #expect(causes == Array(repeating: conflict, count: 7))
        #expect(try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0) == empty)
        #expect(try await store.history(HistoryQuery()) == [])
        try await store.storeIntent(leases[0])
    }
}

/// Keeps the writer of a store from all other work until so many writes wait for it.
private func keepBusy(_ store: SQLiteLeaseStore, until count: Int) {
    store.database.asyncWriteWithoutTransaction { _ in
        for _ in 0..<20_000 where store.writes.waitingCount < count { usleep(1000) }
    }
}

/// Why `work` failed, in SQLite's words; empty where it did not fail.
private func cause(_ work: () async throws -> Void) async -> String {
    do {
        try await work()
        return ""
    } catch let error as LeaseStoreError {
        return error.cause.description
    } catch {
        return SQLiteLeaseStore.cause(of: error).description
    }
}

/// Counts the commits of a connection; used from the writer's queue alone.
private final class CommitCounter: TransactionObserver, @unchecked Sendable {
    private(set) var count = 0

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { count += 1 }
    func databaseDidRollback(_ db: Database) {}
}
