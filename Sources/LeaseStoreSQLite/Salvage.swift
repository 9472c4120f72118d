internal import Addressing
internal import Dispatch
internal import GRDB
internal import Glibc
public import Leasing
internal import LinuxSystem

/// Reads what still can be read of a store that is damaged.
///
/// It works on a copy, so that the file stays as it was found.
public struct Salvage {
    /// Of the copy.
    private let path: String
    private let original: String
    private var found = SalvagedStore()

    /// Reads the store at `path`; a file that is missing tells nothing, and says so.
    ///
    /// - Throws: `newerFormat`, another program's database, or `storage` where no copy can be made.
    public static func read(_ path: String) throws(LeaseStoreError) -> SalvagedStore {
        let copy = "\(path).copy"
        do {
            var salvage = Salvage(path: copy, original: path)
            defer { StoreFiles.remove(copy) }
            // The service refuses that beside a whole store, too, and a boot makes many a damaged one whole: what was wrong
            // with leases goes with them. It is no sign that rows are missing.
            if StoreFiles.exists(SQLiteLeaseStore.unfinishedPath(of: path)) {
                salvage.found.complaints.append(SQLiteLeaseStore.unfinishedRepair)
            }
            try StoreFiles.copy(path, to: copy)
            if !StoreFiles.exists(path) {
                salvage.complain("it is missing")
            } else {
                try salvage.read()
            }
            return salvage.found
        } catch {
            let cause = SQLiteLeaseStore.unusableFile(of: path) ?? SQLiteLeaseStore.cause(of: error)
            throw LeaseStoreError(operation: "read lease store", subject: path, cause: cause)
        }
    }

    private init(path: String, original: String) {
        self.path = path
        self.original = original
    }

    private mutating func complain(_ text: String) {
        found.complaints.append(text)
        found.mayLackRows = true
    }

    private mutating func read() throws {
        checkPages()
        guard let file = try opened() else { return }
        defer { try? file.close() }
        // A schema that is damaged in part must not keep the rest from being read; pragma.html, writable_schema.
        try? file.inDatabase { try $0.execute(sql: "PRAGMA writable_schema = ON; PRAGMA cell_size_check = ON") }
        try file.inDatabase(Self.checkFormat)
        // Former formats have the same in other places.
        try? LeaseSchema.migrator.migrate(file)
        file.inDatabase { connection in
            readLeases(connection)
            readHistory(connection)
            readRest(connection)
        }
    }

    /// Asks the store itself what is wrong, in its words.
    private mutating func checkPages() {
        do throws(LeaseStoreError) {
            let store = try SQLiteLeaseStore(path: path, keepsSpace: false)
            try? store.database.close()
        } catch {
            let cause = error.cause.description
            let words = cause.replacing(" (\(SQLiteLeaseStore.damageHint))", with: "")
            complain(words.replacing(path, with: original))
        }
    }

    private mutating func opened() throws -> DatabaseQueue? {
        var configuration = Configuration()
        configuration.qos = .default
        configuration.foreignKeysEnabled = false
        for isMended in [false, true] {
            if isMended { try StoreFiles.mendHeader(path) }
            let file = try? DatabaseQueue(path: path, configuration: configuration)
            let tables = try? file?.inDatabase { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_schema") }
            if let file, tables != nil { return file }
        }
        return nil
    }

    private static func checkFormat(_ connection: Database) throws {
        do {
            try SQLiteLeaseStore.checkFormat(connection)
        } catch let refusal as SQLiteLeaseStore.Refusal {
            throw refusal
        } catch {
            // Damage: that is what this is for.
        }
    }

    // MARK: - Tables

    private mutating func readLeases(_ connection: Database) {
        let addresses = SalvagedTable("leaseAddress", by: "address", in: connection)
        let leases = SalvagedTable("lease", by: "session", in: connection)
        found.mayLackRows = found.mayLackRows || !addresses.isWhole || !leases.isWhole
        var addressesOf: [String: [(Int, SessionAddress)]] = [:]
        for columns in addresses.rows {
            guard let session: String = try? columns.value("session"), let place: Int = try? columns.value("place"),
                let address = try? SessionAddress(columns)
            else { continue }
            addressesOf[session, default: []].append((place, address))
        }
        for columns in leases.rows {
            let name: String = (try? columns.value("session")) ?? "?"
            let own = (addressesOf[name] ?? []).sorted { $0.0 < $1.0 }.map(\.1)
            do {
                found.leases.append(try Lease(columns, addresses: own))
            } catch {
                complain("the lease of session '\(name)' is not as it was written")
            }
        }
        found.leases.sort { $0.number < $1.number }
    }

    private mutating func readHistory(_ connection: Database) {
        let table = SalvagedTable("history", by: "id", isCounted: true, in: connection)
        found.history = table.rows.compactMap { try? HistoryRecord($0) }.sorted { $0.position ?? 0 < $1.position ?? 0 }
        let bad = table.rows.count - found.history.count
        if bad > 0 { complain("\(bad) records of history make no sense") }
        if !table.isWhole { complain("records of history may be missing") }
    }

    private mutating func readRest(_ connection: Database) {
        let returned = SalvagedTable("returned", by: "id", isCounted: true, in: connection)
        let released = returned.rows.compactMap { columns -> (Int64, IPAddress)? in
            guard let id: Int64 = try? columns.value("id"),
                let address = try? columns.parsed("address", IPAddress.init)
            else { return nil }
            return (id, address)
        }
        found.released = released.sorted { $0.0 < $1.0 }.map(\.1)
        for columns in SalvagedTable("boot", by: "id", in: connection).rows {
            if let number: UInt32 = try? columns.value("lastNumber"), number < 1 << 30 {
                found.lastNumber = max(found.lastNumber, number)
            }
        }
        found.use = SalvagedTable("poolUse", by: "pool", in: connection).rows.compactMap(Self.use)
    }

    static let useColumns = ["pool", "day", "firstAt", "peak", "peakAt", "refusals", "lastRefusalAt"]

    private static func use(_ columns: Columns) -> [SalvagedStore.UseValue]? {
        let values = useColumns.compactMap { name -> SalvagedStore.UseValue? in
            if let text: String = try? columns.value(name), name == "pool" { return .text(text) }
            if let number: Int64 = try? columns.value(name) { return .number(number) }
            return .some(.none)
        }
        return values.count == useColumns.count && values.first != SalvagedStore.UseValue.none ? values : nil
    }
}

/// The rows of a table that can be read, in no order.
private struct SalvagedTable {
    private(set) var rows: [Columns] = []
    /// Whether it was read from end to end.
    private(set) var isWhole = false

    /// Reads from both ends to where it is damaged, and of a table whose rows are numbered also what lies behind the damage.
    init(_ table: String, by key: String, isCounted: Bool = false, in connection: Database) {
        var seen: Set<DatabaseValue> = []
        var last: Int64?
        func read(_ rest: String) -> Bool {
            do {
                let cursor = try Row.fetchCursor(connection, sql: "SELECT * FROM \(table) NOT INDEXED \(rest)")
                while let row = try cursor.next() {
                    guard let name: DatabaseValue = row[key] else { return false }
                    last = Int64.fromDatabaseValue(name)
                    if table != "poolUse", !seen.insert(name).inserted { continue }
                    rows.append(Columns(row: row.copy()))
                }
                return true
            } catch {
                return false
            }
        }
        isWhole = read("")
        if isWhole { return }
        if table == "poolUse" { return }
        if isCounted {
            // Past the damage: some rows on, then twice as many.
            var step: Int64 = 8
            while let from = last, step < 1 << 24 {
                let before = rows.count
                if read("WHERE \(key) > \(from.addingReportingOverflow(step).partialValue) ORDER BY \(key)") { break }
                step = rows.count > before ? 8 : step * 2
            }
        }
        _ = read("ORDER BY \(key) DESC")
    }
}
