internal import Addressing
internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

/// Files as former versions left them, opened by this one.
struct MigrationTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    /// Every format that a version had, the first step's being 1.
    static let formats = Array(1...LeaseSchema.steps.count)

    /// Makes a file of a format that holds ``rows``, as that format has them.
    ///
    /// It names each of its steps, as the first versions did, or its last one.
    private func makeFile(format: Int, namingEachStep: Bool = true) async throws -> DatabaseQueue {
        let steps = LeaseSchema.steps.prefix(format)
        var configuration = Configuration()
        // A table that is made anew takes nothing with it; so it is in the migrator.
        configuration.foreignKeysEnabled = false
        let file = try DatabaseQueue(path: folder.file, configuration: configuration)
        // As the store leaves it.
        try await file.writeWithoutTransaction { try $0.execute(sql: "PRAGMA journal_mode = WAL") }
        try await file.write { connection in
            try connection.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            for step in steps {
                try connection.execute(sql: step.sql)
                if step.identifier == "1" { try connection.execute(sql: Self.rows) }
                if step.identifier == "5" { try LeaseSchema.addChecksums(connection) }
            }
            for step in namingEachStep ? steps : steps.suffix(1) {
                try connection.execute(sql: "INSERT INTO grdb_migrations VALUES (?)", arguments: [step.identifier])
            }
        }
        return file
    }

    /// What a version of format 1 wrote: a session with everything, an isolated one, one that rests; the same in history.
    private static let rows = """
        UPDATE boot SET bootID = 'boot-1', lastNumber = 1048583;
        INSERT INTO lease (session, bootID, number, cookie, pool, address, prefixLength, gateway, parent, macvlanMode,
            user, uid, service, mode, leftovers, phase, leaders, openedAt, openedBoot, heldUntilBoot, endReason) VALUES
            ('aaaaaaaa', 'boot-1', 1048577, -2, 'lab', '10.1.0.1', 24, '10.1.0.254', 'eth1', 'private',
             'alice', 4294967294, 'sshd', 'enter', 'kill', 'active', '12:345 67:890', 1000001, 1001, NULL, NULL),
            ('bbbbbbbb', 'boot-1', 1048578, 9, 'lab', NULL, 24, NULL, 'eth1', 'bridge',
             'bob', 1001, 'vipns', 'reserve', 'wait', 'active', '', 2000001, 2001, NULL, NULL),
            ('cccccccc', 'boot-1', 1048583, 10, 'lab', '10.1.0.3', 24, NULL, 'eth1', 'bridge',
             'bob', 1001, 'cron', 'enter', 'wait', 'held', '', 3000001, 3001, 9000, 'last leader ended');
        INSERT INTO history VALUES
            (4, 'cccccccc', 'boot-1', 'bob', 1001, 'cron', 'lab', '10.1.0.3', 'granted', 3000001, 3001, 4000001, 4001,
             'last leader ended'),
            (7, 'aaaaaaaa', 'boot-1', 'alice', 4294967294, 'sshd', 'lab', '10.1.0.1', 'granted', 1000001, 1001,
             NULL, NULL, NULL),
            (9, 'x', 'boot-0', 'carol', 1002, 'login', 'lab', NULL, 'denied', 500000, 500, NULL, NULL, 'pool is full');
        INSERT INTO returned (address) VALUES ('10.1.0.9'), ('10.1.0.3');
        """

    @Test(arguments: formats, [true, false])
    func `leases and history of every former format survive with their values`(
        format: Int, namingEachStep: Bool
    ) async throws {
        try await makeFile(format: format, namingEachStep: namingEachStep).write { connection in
            if format >= 2 { try connection.execute(sql: "UPDATE lease SET scope = 'user' WHERE session = 'aaaaaaaa'") }
            if format >= 3 {
                try connection.execute(sql: "INSERT INTO poolUse VALUES ('lab', 20000, 5, 17, 6, 3, 8)")
            }
            if format >= 4 {
                try connection.execute(
                    sql: "INSERT INTO leaseAddress VALUES ('fd00::1', 'aaaaaaaa', 1, 64, 'fd00::f')")
            }
            if format >= 5 { try LeaseSchema.addChecksums(connection) }
        }
        let store = try SQLiteLeaseStore(path: folder.file)
        let state = try await store.open(boot: "boot-1", nowReal: 5_000_000, nowBoot: 5000)
        #expect(state.lastNumber == 1_048_583)
        #expect(state.released == [try address("10.1.0.9")])
        try check(state.leases, format: format)
        try check(try await store.history(HistoryQuery()))
        let use = try await store.poolUse()
        let expected = PoolUse(pool: "lab", peak: 17, peakAt: 6, refusals: 3, lastRefusalAt: 8, since: 5)
        #expect(use == (format >= 3 ? [expected] : []))
        // What this version does with them afterwards.
        try await store.storeIntent(try lease("dddddddd", "10.1.0.4", nth: 8))
        try await store.release(try session("cccccccc"))
        let again = try await SQLiteLeaseStore(path: folder.file).open(
            boot: "boot-1", nowReal: 6_000_000, nowBoot: 6000)
        #expect(again.leases.map(\.session.description) == ["aaaaaaaa", "bbbbbbbb", "dddddddd"])
        #expect(try again.released == ["10.1.0.9", "10.1.0.3"].map { try address($0) })
    }

    private func check(_ leases: [Lease], format: Int) throws {
        try #require(leases.map(\.session.description) == ["aaaaaaaa", "bbbbbbbb", "cccccccc"])
        #expect(leases.map(\.number) == [1_048_577, 1_048_578, 1_048_583])
        #expect(leases.map(\.cookie) == [UInt64.max - 1, 9, 10])
        #expect(leases.map { $0.address?.description } == ["10.1.0.1", nil, "10.1.0.3"])
        #expect(leases.map { $0.addresses.first?.gateway?.description } == ["10.1.0.254", nil, nil])
        #expect(leases.map { $0.pairedAddress?.description } == [format >= 4 ? "fd00::1" : nil, nil, nil])
        #expect(leases.map(\.macvlanMode) == [.private, .bridge, .bridge])
        #expect(leases.map(\.user) == ["alice", "bob", "bob"])
        #expect(leases.map(\.uid) == [4_294_967_294, 1001, 1001])
        #expect(leases.map(\.mode) == [.enter, .reserve, .enter])
        #expect(leases.map(\.leftovers) == [.kill, .wait, .wait])
        #expect(leases.map(\.phase) == [.active, .active, .held])
        #expect(leases[0].leaders == [Leader(pid: 12, startTicks: 345), Leader(pid: 67, startTicks: 890)])
        #expect(leases.map(\.heldUntilBoot) == [nil, nil, 9000])
        #expect(leases.map(\.endReason) == [nil, nil, "last leader ended"])
        #expect(leases.map(\.scope) == [format >= 2 ? .user : .session, .session, .session])
    }

    private func check(_ history: [HistoryRecord]) throws {
        try #require(history.map(\.session) == ["x", "aaaaaaaa", "cccccccc"])
        #expect(history.map(\.position) == [9, 7, 4])
        #expect(history.map(\.user) == ["carol", "alice", "bob"])
        #expect(history.map { $0.address?.description } == [nil, "10.1.0.1", "10.1.0.3"])
        #expect(history.map(\.outcome) == ["denied", "granted", "granted"])
        #expect(history.map(\.openedAt) == [500_000, 1_000_001, 3_000_001])
        #expect(history.map(\.endedAt) == [nil, nil, 4_000_001])
        #expect(history.map(\.reason) == ["pool is full", nil, "last leader ended"])
    }

    /// The tables and indexes, as SQLite describes them, and what the file says of its format.
    private func shape(_ file: some DatabaseReader) async throws -> [String] {
        try await file.read { connection in
            try String.fetchAll(connection, sql: "SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name")
                + String.fetchAll(connection, sql: "SELECT identifier FROM grdb_migrations")
        }
    }

    @Test(arguments: formats)
    func `a file of every former format becomes what a new one is`(format: Int) async throws {
        let new = try TemporaryFolder()
        let expected = try await shape(try SQLiteLeaseStore(path: new.file).database)
        _ = try await makeFile(format: format)
        #expect(try await shape(try SQLiteLeaseStore(path: folder.file).database) == expected)
        #expect(expected.last == LeaseSchema.steps.last?.identifier)
    }

    @Test(arguments: [1, 2])
    func `a step that fails leaves the format and the rows that were there`(format: Int) async throws {
        let file = try await makeFile(format: format)
        try await file.write { connection in
            // In the way of the third step, after the second was done.
            try connection.execute(sql: "CREATE TABLE poolUse (pool TEXT)")
        }
        let before = try await shape(file)
        let error = #expect(throws: LeaseStoreError.self) { _ = try SQLiteLeaseStore(path: folder.file) }
        #expect(error?.cause == .storage("table poolUse already exists (\(SQLiteLeaseStore.damageHint))"))
        #expect(try await shape(file) == before)
        #expect(try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM lease") } == 3)
    }

    @Test(arguments: ["99", "next"])
    func `a newer format is refused with what to do, and the file is not touched`(identifier: String) async throws {
        try await makeFile(format: LeaseSchema.steps.count, namingEachStep: false).write { connection in
            try connection.execute(sql: "UPDATE grdb_migrations SET identifier = ?", arguments: [identifier])
        }
        let before = try octets()
        let error = #expect(throws: LeaseStoreError.self) { _ = try SQLiteLeaseStore(path: folder.file) }
        #expect(
            error?.description == """
                cannot open lease store '\(folder.file)': written by a newer vipns (install that version again; or, once \
                no session lives, move the file away)
                """)
        #expect(try octets() == before)
    }

    @Test func `the database of another program is not touched`() async throws {
        try await DatabaseQueue(path: folder.file).write { try $0.execute(sql: "CREATE TABLE recipe (name TEXT)") }
        let before = try octets()
        let error = #expect(throws: LeaseStoreError.self) { _ = try SQLiteLeaseStore(path: folder.file) }
        #expect(error?.cause == .storage("it is the database of another program"))
        #expect(try octets() == before)
    }

    @Test func `a file that was begun and never became one of ours is gone on with`() async throws {
        // A new file gets this table first, in a transaction of its own.
        try await DatabaseQueue(path: folder.file).write {
            try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        let store = try SQLiteLeaseStore(path: folder.file)
        #expect(try await store.open(boot: "boot-1", nowReal: 1, nowBoot: 1).leases.isEmpty)
    }

    /// The file as it lies on the disk, once its write-ahead log is in it.
    private func octets() throws -> [UInt8] {
        // The length of the list is that of the array which the C library fills.
        let file = unsafe open(folder.file, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var octets = [UInt8](repeating: 0, count: 1 << 20)
        let count = unsafe read(file, &octets, octets.count)
        try #require(count > 0)
        return Array(octets[..<count])
    }
}
