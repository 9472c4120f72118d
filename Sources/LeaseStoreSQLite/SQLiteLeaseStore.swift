internal import Dispatch
internal import GRDB
public import Leasing

/// The leases and the history of one server, in one SQLite file.
///
/// - Path: `/var/lib/vipns/vipns.db`, with `-wal` and `-shm` beside it; the three belong together. ``SpaceReserve`` is one more.
/// - Writer: the service alone, over one connection. A file lock of the service keeps a second one out.
/// - Readers: the service, and an administrator's sqlite3(1) at any time: the journal is a write-ahead log.
/// - Lifetime: the history stays for as long as the configuration says; leases and numbers end with the boot whose id
///   they carry.
/// - Format version: the last step of `LeaseSchema`, now 4, listed in table `grdb_migrations`. An older file is brought
///   forward when it is opened, in one transaction; a newer one is refused and left as it is.
///
/// What is history waits for the disk (`synchronous = FULL`): a granted address is known even after a power cut.
public final class SQLiteLeaseStore: LeaseStore {
    /// Where the file is.
    public let path: String
    let database: DatabasePool
    let writes: GroupCommit
    let reserve: SpaceReserve

    /// Opens the file, or makes it, and brings its format up to date; blocks for the disk.
    ///
    /// - Throws: `newerFormat`, or `storage` where the file is damaged, no lease store, or may not be written.
    public init(path: String) throws(LeaseStoreError) {
        self.path = path
        self.reserve = SpaceReserve(path: "\(path).reserve")
        do {
            self.database = try Self.withSpace(of: reserve) { try Self.prepared(path) }
        } catch {
            throw LeaseStoreError(operation: "open lease store", subject: path, cause: Self.cause(of: error))
        }
        self.writes = GroupCommit(database, reserve: reserve)
        // Where there is no room now, the next open tries again, and tells.
        try? reserve.keep()
    }

    /// Runs `body`, and once more with the space that is kept where it may have failed for want of that.
    private static func withSpace<Value>(of reserve: SpaceReserve, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            guard SpaceReserve.mayCure(error), reserve.giveUp() else { throw error }
            return try body()
        }
    }

    private static func prepared(_ path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "vipns.leases"
        configuration.maximumReaderCount = 2
        // A higher one asks for a nice value that a service without privilege may not have, and complains to the log.
        configuration.qos = .default
        // An administrator's sqlite3 may hold the lock for a moment; a login waits for 2 s at most.
        configuration.busyMode = .timeout(1)
        try refuseUnseen(path)
        let database = try DatabasePool(path: path, configuration: configuration)
        // GRDB sets NORMAL when it turns the log on, after every hook that a configuration has.
        try database.writeWithoutTransaction { connection in
            try connection.execute(sql: "PRAGMA synchronous = FULL")
            try checkFormat(connection)
            // Where SQLite may not open the file to write, it opens it to read, and every session would be refused.
            try connection.inTransaction(.immediate) { .commit }
        }
        try LeaseSchema.migrator.migrate(database)
        return database
    }

    /// Refuses a file that is not for this version before anything is written to it: opened to write, another program's
    /// would get a write-ahead log.
    ///
    /// What cannot be opened so, is looked at when it is opened to write.
    private static func refuseUnseen(_ path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.qos = .default
        guard let file = try? DatabaseQueue(path: path, configuration: configuration) else { return }
        do {
            try file.read(checkFormat)
        } catch let refusal as Refusal {
            throw refusal
        } catch {
            // Said better by what follows.
        }
    }

    private static func checkFormat(_ connection: Database) throws {
        let applied = try LeaseSchema.migrator.appliedIdentifiers(connection)
        // Not by the migrator's own word for it: steps that were migrations of their own are unknown to that.
        guard applied.isSubset(of: LeaseSchema.steps.map(\.identifier)) else { throw Refusal(cause: .newerFormat) }
        // Made before the first migration, by itself: alone, it is a file of ours that never came to be.
        let others = "SELECT count(*) FROM sqlite_schema WHERE tbl_name <> 'grdb_migrations'"
        let tables = try Int.fetchOne(connection, sql: others) ?? 0
        if tables > 0, applied.isEmpty {
            throw Refusal(cause: .storage("it is the database of another program"))
        }
    }

    /// A failure whose cause is known already, on its way through GRDB's closures.
    struct Refusal: Error {
        let cause: LeaseStoreError.Cause
    }

    /// The facts of an error that came out of GRDB.
    static func cause(of error: any Error) -> LeaseStoreError.Cause {
        if let refusal = error as? Refusal { return refusal.cause }
        if let missing = error as? SpaceReserve.Missing { return .storage(missing.description) }
        guard let error = error as? DatabaseError else { return .storage("\(error)") }
        let message = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CANTOPEN: return .storage("\(message) (the folder must exist and be writable)")
        case .SQLITE_FULL: return .storage("\(message) (make room on that disk; sessions can be closed meanwhile)")
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
