internal import Dispatch
internal import GRDB
public import Leasing

/// The leases and the history of one server, in one SQLite file.
///
/// - Path: `/var/lib/vipns/vipns.db`, with `-wal` and `-shm` beside it; the three belong together.
/// - Writer: the service alone, over one connection. A file lock of the service keeps a second one out.
/// - Readers: the service, and an administrator's sqlite3(1) at any time: the journal is a write-ahead log.
/// - Lifetime: the history stays for as long as the configuration says; leases and numbers end with the boot whose id
///   they carry.
/// - Format version: the last migration of `LeaseSchema`, now 4, listed in table `grdb_migrations`. An older file is
///   brought forward when it is opened, a newer one is refused.
///
/// What is history waits for the disk (`synchronous = FULL`): a granted address is known even after a power cut.
public final class SQLiteLeaseStore: LeaseStore {
    /// Where the file is.
    public let path: String
    let database: DatabasePool
    let writes: GroupCommit

    /// Opens the file, or makes it, and brings its format up to date; blocks for the disk.
    ///
    /// - Throws: `newerFormat`, or `storage` where the file is damaged, no lease store, or may not be written.
    public init(path: String) throws(LeaseStoreError) {
        self.path = path
        do {
            self.database = try Self.prepared(path)
        } catch {
            throw LeaseStoreError(operation: "open lease store", subject: path, cause: Self.cause(of: error))
        }
        self.writes = GroupCommit(database)
    }

    private static func prepared(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "vipns.leases"
        configuration.maximumReaderCount = 2
        // A higher one asks for a nice value that a service without privilege may not have, and complains to the log.
        configuration.qos = .default
        // An administrator's sqlite3 may hold the lock for a moment; a login waits for 2 s at most.
        configuration.busyMode = .timeout(1)
        let database = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL when it turns the log on, after every hook that a configuration has.
        try database.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
        let migrator = LeaseSchema.migrator
        try database.writeWithoutTransaction { connection in
            if try migrator.hasBeenSuperseded(connection) { throw Refusal(cause: .newerFormat) }
            let tables = try Int.fetchOne(connection, sql: "SELECT count(*) FROM sqlite_schema") ?? 0
            if tables > 0, try migrator.appliedIdentifiers(connection).isEmpty {
                throw Refusal(cause: .storage("it is the database of another program"))
            }
        }
        try migrator.migrate(database)
        return database
    }

    /// A failure whose cause is known already, on its way through GRDB's closures.
    struct Refusal: Error {
        let cause: LeaseStoreError.Cause
    }

    /// The facts of an error that came out of GRDB.
    static func cause(of error: any Error) -> LeaseStoreError.Cause {
        if let refusal = error as? Refusal { return refusal.cause }
        guard let error = error as? DatabaseError else { return .storage("\(error)") }
        let message = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CANTOPEN: return .storage("\(message) (the folder must exist and be writable)")
        case .SQLITE_READONLY: return .storage("\(message) (file and folder must be writable)")
        case .SQLITE_NOTADB, .SQLITE_CORRUPT: return .storage("\(message) (restore a copy, or move the file away)")
        default: return .storage(message)
        }
    }

    /// Runs `body` and says of a failure what was tried on which file.
    func attempt<Value>(
        _ operation: @autoclosure () -> String, _ body: () async throws -> Value
    ) async throws(LeaseStoreError) -> Value {
        do {
            return try await body()
        } catch {
            throw LeaseStoreError(operation: operation(), subject: path, cause: Self.cause(of: error))
        }
    }
}
