internal import Dispatch
internal import GRDB
internal import Glibc
public import Leasing
internal import LinuxSystem

/// The leases and the history of one server, in one SQLite file.
///
/// - Path: `/var/lib/vipns/vipns.db`, with `-wal` and `-shm` beside it; the three belong together. ``SpaceReserve`` is one more.
/// - Writer: the service alone, over one connection. A file lock of the service keeps a second one out.
/// - Readers: the service, and an administrator's sqlite3(1) at any time: the journal is a write-ahead log.
/// - Lifetime: the history stays for as long as the configuration says; leases and numbers end with the boot whose id
///   they carry.
/// - Format version: the last step of `LeaseSchema`, now 5, listed in table `grdb_migrations`. An older file is brought
///   forward when it is opened, in one transaction; a newer one is refused and left as it is.
///
/// What is history waits for the disk (`synchronous = FULL`): a granted address is known even after a power cut.
public final class SQLiteLeaseStore: LeaseStore {
    /// Where the file is.
    public let path: String
    let database: DatabasePool
    let writes: GroupCommit
    private let reader: EventLoop
    let reserve: SpaceReserve
    /// Closed; but Dispatch takes the queue of one apart on its pool, from which the service keeps away while it runs.
    private let former: DatabaseQueue?

    /// Opens the file, or makes it, and brings its format up to date; blocks for the disk.
    ///
    /// `keepsSpace`: whether sessions are to end by it on a full disk, too; not a copy, or what is not finished.
    /// - Throws: `newerFormat`, or `storage` where the file is damaged, no lease store, or may not be written.
    public init(path: String, keepsSpace: Bool = true) throws(LeaseStoreError) {
        self.path = path
        self.reserve = SpaceReserve(path: "\(path).reserve")
        do {
            (self.database, self.former) = try Self.withSpace(of: reserve) { try Self.prepared(path) }
            self.reader = try EventLoop()
            self.writes = GroupCommit(database, on: try EventLoop(), reserve: reserve)
        } catch {
            let cause = Self.unusableFile(of: path) ?? Self.cause(of: error)
            throw LeaseStoreError(operation: "open lease store", subject: path, cause: cause)
        }
        // Where there is no room now, the next open tries again, and tells.
        if keepsSpace { try? reserve.keep() }
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

    private static func prepared(_ path: String) throws -> (DatabasePool, former: DatabaseQueue?) {
        var configuration = Configuration()
        configuration.label = "vipns.leases"
        configuration.maximumReaderCount = 2
        // A higher one asks for a nice value that a service without privilege may not have, and complains to the log.
        configuration.qos = .default
        // An administrator's sqlite3 may hold the lock for a moment; a login waits for 2 s at most.
        configuration.busyMode = .timeout(1)
        // SQLite would take 2 MB for each of three connections as history grows; all leases of a large pool need less.
        configuration.prepareDatabase { try $0.execute(sql: "PRAGMA cache_size = -512") }
        if StoreFiles.exists(unfinishedPath(of: path)) { throw Damage(unfinishedRepair) }
        try refuseLostMain(path)
        let former = try refuseUnseen(path)
        let database = try DatabasePool(path: path, configuration: configuration)
        do {
            // GRDB sets NORMAL when it turns the log on, after every hook that a configuration has.
            try database.writeWithoutTransaction { connection in
                try connection.execute(sql: "PRAGMA synchronous = FULL")
                try checkFormat(connection)
            }
            try LeaseSchema.migrator.migrate(database)
            try database.writeWithoutTransaction { connection in
                try checkStatements(connection)
                // Where SQLite may not open a file to write, it opens it to read, and every session would be refused later.
                try connection.execute(sql: "UPDATE boot SET lastNumber = lastNumber")
            }
        } catch {
            // At once, not when the last who refers to it is gone: SQLite closes files by their names.
            try? database.close()
            throw error
        }
        return (database, former)
    }

    /// Refuses a log without the file that it belongs to: SQLite would throw it away and begin anew.
    private static func refuseLostMain(_ path: String) throws {
        func size(_ file: String) -> Int {
            var facts = stat()
            // The string is lent for the call, which fills the structure in.
            return unsafe stat(file, &facts) == 0 ? Int(facts.st_size) : 0
        }
        if size(path) == 0, size("\(path)-wal") > 0 { throw Damage("it is empty, but '\(path)-wal' is not") }
    }

    /// Refuses a file that is damaged or not for this version before anything is written to it: opened to write, another
    /// program's would get a write-ahead log, and a damaged one more damage.
    ///
    /// What cannot be opened so, is looked at when it is opened to write.
    /// - Returns: with what it was looked at, closed.
    private static func refuseUnseen(_ path: String) throws -> DatabaseQueue? {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.qos = .default
        guard let file = try? DatabaseQueue(path: path, configuration: configuration) else { return nil }
        do {
            defer { try? file.close() }
            try file.read { connection in
                try checkFormat(connection)
                try checkPages(connection)
            }
        } catch let refusal as Refusal {
            throw refusal
        } catch let error as DatabaseError where [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode) {
            throw error
        } catch {
            // Said better by what follows.
        }
        return file
    }

    /// Looks for damage to the pages of the file, which queries would meet one day, or pass over rows.
    ///
    /// Of 100,000 records of history the quick check takes 50 ms, and the whole one, which holds indexes against their
    /// tables too, 300 ms (measured, 23 MB): that is left to the tables of leases, which are small.
    private static func checkPages(_ connection: Database) throws {
        let names = try String.fetchAll(connection, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
        let small = ["boot", "lease", "leaseAddress"].filter(names.contains)
        for check in ["quick_check(1)"] + small.map({ "integrity_check('\($0)')" }) {
            let complaint = try String.fetchOne(connection, sql: "PRAGMA \(check)") ?? "no answer"
            if complaint != "ok" { throw Damage(complaint) }
        }
    }

    /// Has SQLite look at what leases are written with, before any is: a schema with a flip in it may be one, too.
    private static func checkStatements(_ connection: Database) throws {
        // A header may say that only a later SQLite may write.
        try connection.inTransaction(.immediate) { .commit }
        for sql in [insertLease, insertAddress, insertHistory, updateLease, deleteLease] {
            do {
                _ = try connection.makeStatement(sql: sql)
            } catch {
                throw Damage(cause(of: error).description)
            }
        }
    }

    static func checkFormat(_ connection: Database) throws {
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

    /// What is wrong with the files, where that is not what is in them; nil where this process may read and write them.
    static func unusableFile(of path: String) -> LeaseStoreError.Cause? {
        for file in ["", "-wal", "-shm"].map({ path + $0 }) {
            // The strings are lent for the call.
            guard unsafe access(file, F_OK) == 0, unsafe access(file, R_OK | W_OK) != 0 else { continue }
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            let cure = "run: chown --reference='\(folder)' '\(path)'*; chmod u+rw '\(path)'*"
            return .storage("the service may not read and write '\(file)' (\(cure))")
        }
        return nil
    }

    /// What is wrong where a repair was killed before the new store had its name.
    static let unfinishedRepair = "a repair of it was not finished"

    /// What is to be done about a damaged file.
    static let damageHint = "damaged or edited; stop the service and run 'vipns repair'"

    /// A failure whose cause is known already, on its way through GRDB's closures.
    struct Refusal: Error {
        let cause: LeaseStoreError.Cause
    }

    /// Damage that SQLite does not call so.
    struct Damage: Error, CustomStringConvertible {
        private let complaint: String

        init(_ complaint: String) { self.complaint = inOneLine(complaint) }

        var description: String { "\(complaint) (\(damageHint))" }
    }

    /// SQLite quotes a schema as it was written, and lists what a check has found: a log has one line for each message.
    private static func inOneLine(_ text: String) -> String {
        text.split { $0.isNewline || $0 == " " }.joined(separator: " ")
    }

    /// The facts of an error that came out of GRDB.
    static func cause(of error: any Error) -> LeaseStoreError.Cause {
        if let refusal = error as? Refusal { return refusal.cause }
        if let missing = error as? SpaceReserve.Missing { return .storage(missing.description) }
        // A value of another type than its column's.
        if let error = error as? RowDecodingError { return .storage("\(Damage("\(error)"))") }
        guard let error = error as? DatabaseError else { return .storage("\(error)") }
        let message = inOneLine(error.message ?? "\(error.resultCode)")
        switch error.resultCode {
        case .SQLITE_CANTOPEN: return .storage("\(message) (the folder must exist and be writable)")
        case .SQLITE_FULL: return .storage("\(message) (make room on that disk; sessions can be closed meanwhile)")
        case .SQLITE_READONLY:
            return .storage("\(message) (file and folder must be writable; if they are, it is \(damageHint))")
        // An error is also that of a file whose header says what SQLite does not know. A constraint or a type that does not
        // hold where nothing new is written did not hold before: a page is another one's, or nothing.
        case .SQLITE_NOTADB, .SQLITE_CORRUPT, .SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH:
            return .storage("\(message) (\(damageHint))")
        default: return .storage(message)
        }
    }

    /// Reads on a thread that is there already, as ``GroupCommit`` writes.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { waiter in
            reader.perform { [database] in waiter.resume(with: Result { try database.read(body) }) }
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
