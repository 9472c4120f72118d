internal import GRDB
internal import Glibc
internal import Leasing
internal import TestSupport
internal import Testing

@testable internal import LeaseStoreSQLite

struct DamagedFileTests {
    private let folder: TemporaryFolder

    init() throws { self.folder = try TemporaryFolder() }

    private func failure() -> String? {
        do {
            _ = try SQLiteLeaseStore(path: folder.file)
            return nil
        } catch {
            return error.description
        }
    }

    private func change(_ sql: String) async throws {
        // The store that was given up may be closing yet, on a thread of its own.
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        // Without a transaction, in which a PRAGMA would do nothing.
        try await DatabaseQueue(path: folder.file, configuration: configuration).writeWithoutTransaction {
            try $0.execute(sql: sql)
        }
    }

    @Test func `a file that is no database is refused`() throws {
        let text = String(repeating: "no database at all\n", count: 100)
        // The C library reads both strings, and no more than their length.
        let file = unsafe Glibc.open(folder.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let written = unsafe write(file, text, text.utf8.count)
        #expect(written == text.utf8.count)
        close(file)
        let message = try #require(failure())
        #expect(message.hasPrefix("cannot open lease store '\(folder.file)': file is not a database ("))
    }

    @Test func `a damaged schema is told in one line`() async throws {
        _ = try SQLiteLeaseStore(path: folder.file)
        try await change(
            """
            PRAGMA writable_schema = ON;
            UPDATE sqlite_schema SET sql = replace(sql, 'bootID', '`bootID') WHERE name = 'lease'
            """)
        let message = try #require(failure())
        #expect(message.contains("malformed database schema (lease)"), "\(message)")
        #expect(!message.contains { $0.isNewline }, "\(message)")
    }

    @Test func `a missing folder is named`() throws {
        do {
            _ = try SQLiteLeaseStore(path: "/proc/no-such-folder/vipns.db")
            Issue.record("it opened a file where none can be")
        } catch {
            let expected = "cannot open lease store '/proc/no-such-folder/vipns.db': unable to open database file ("
            #expect(error.description.hasPrefix(expected))
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func `a file that may not be written is refused`() async throws {
        _ = try SQLiteLeaseStore(path: folder.file)
        _ = unsafe chmod(folder.path, 0o755)
        await #expect(processExitsWith: .success) { [file = folder.file as String] in
            #expect(setuid(65534) == 0)
            let error = #expect(throws: LeaseStoreError.self) { _ = try SQLiteLeaseStore(path: file) }
            let folder = file.dropLast("/vipns.db".count)
            let expected = """
                cannot open lease store '\(file)': the service may not read and write '\(file)' (run: chown \
                --reference='\(folder)' '\(file)'*; chmod u+rw '\(file)'*)
                """
            #expect(error?.description == expected)
        }
    }

    @Test(arguments: [
        ("UPDATE lease SET phase = 'dancing'", "column 'phase' holds \"dancing\""),
        ("UPDATE leaseAddress SET address = '10.1.0.256'", "column 'address' holds \"10.1.0.256\""),
        ("UPDATE leaseAddress SET prefixLength = 33", "column 'prefixLength' holds 33"),
        ("UPDATE leaseAddress SET gateway = 'x'", "column 'gateway' holds \"x\""),
        ("UPDATE lease SET uid = -1", "column 'uid' holds -1"),
        ("DELETE FROM leaseAddress; UPDATE lease SET session = '../../x2'", "column 'session' holds \"../../x2\""),
        ("UPDATE lease SET leaders = '1:2 3'", "column 'leaders' holds \"1:2 3\""),
        ("UPDATE boot SET lastNumber = 1 << 40", "column 'lastNumber' holds 1099511627776"),
        ("UPDATE boot SET lastNumber = 1048576 - 1", "column 'lastNumber' holds 1048575"),
        ("DELETE FROM boot", "1 leases are of this boot, but table 'boot' names another"),
        ("UPDATE boot SET bootID = 'boot-3'", "1 leases are of this boot, but table 'boot' names another"),
        ("UPDATE lease SET uid = 1001", "the lease of session 'aaaaaaaa' does not match its checksum"),
        ("UPDATE leaseAddress SET address = '10.1.0.2'", "the lease of session 'aaaaaaaa' does not match its checksum"),
        ("DELETE FROM leaseAddress", "the lease of session 'aaaaaaaa' does not match its checksum"),
        ("UPDATE lease SET checksum = 0", "the lease of session 'aaaaaaaa' does not match its checksum"),
        (
            "PRAGMA foreign_keys = OFF; DELETE FROM lease",
            "address '10.1.0.1' is leased to session 'aaaaaaaa', which is not stored"
        ),
    ])
    func `a damaged row is an error with its column, never a trap`(_ sql: String, _ complaint: String) async throws {
        do {
            let store = try SQLiteLeaseStore(path: folder.file)
            _ = try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
            try await store.storeIntent(try lease("aaaaaaaa", "10.1.0.1"))
        }
        try await change(sql)
        let store = try SQLiteLeaseStore(path: folder.file)
        let error = await #expect(throws: LeaseStoreError.self) {
            try await store.open(boot: "boot-1", nowReal: 0, nowBoot: 0)
        }
        let text = try #require(error).description
        #expect(text.hasPrefix("cannot read leases from '\(folder.file)': \(complaint)"))
        #expect(text.hasSuffix("(damaged or edited; stop the service and run 'vipns repair')"))
    }
}
