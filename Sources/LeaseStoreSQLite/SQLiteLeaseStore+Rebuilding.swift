internal import Addressing
internal import GRDB
public import Leasing

extension SQLiteLeaseStore {
    /// How the store is called that is to take the place of the one at `path`.
    public static func unfinishedPath(of path: String) -> String { "\(path).repair" }

    /// Writes a whole store into a file of its own, which it makes, and reads it again; blocks for the disk.
    ///
    /// `real` is now, in microseconds since 1970.
    /// - Throws: where it cannot be written, or says something else than it was told.
    public static func write(
        _ contents: SalvagedStore, boot bootID: String, real: Int64, to path: String
    ) async throws(LeaseStoreError) {
        StoreFiles.remove(path)
        do throws(LeaseStoreError) {
            try await writeAnew(contents, boot: bootID, real: real, to: path)
        } catch {
            // Nothing of the old store was touched: it must not look as if.
            StoreFiles.remove(path)
            throw error
        }
    }

    private static func writeAnew(
        _ contents: SalvagedStore, boot bootID: String, real: Int64, to path: String
    ) async throws(LeaseStoreError) {
        let store = try SQLiteLeaseStore(path: path, keepsSpace: false)
        try await store.attempt("write lease store") {
            try await store.database.write { connection in try fill(connection, contents, bootID, real) }
            // Nothing is left in the log, so the file is whole without it.
            _ = try await store.database.writeWithoutTransaction { try $0.checkpoint(.truncate) }
        }
        let state = try await store.open(boot: bootID, nowReal: 0, nowBoot: 0)
        guard state.leases == contents.leases else {
            throw LeaseStoreError(
                operation: "write lease store", subject: path, cause: .storage("it does not hold what was written"))
        }
        try await store.attempt("close lease store") { try store.database.close() }
    }

    private static func fill(_ connection: Database, _ contents: SalvagedStore, _ bootID: String, _ real: Int64) throws
    {
        let history = try connection.makeStatement(sql: insertion(into: "history", ["id"] + HistoryRecord.rowColumns))
        for record in contents.history {
            try history.execute(arguments: StatementArguments([record.position]) + record.rowValues)
        }
        for address in contents.released {
            try connection.execute(
                sql: "INSERT OR REPLACE INTO returned (address) VALUES (?)", arguments: [address.description])
        }
        for values in contents.use {
            let columns = Salvage.useColumns.joined(separator: ", ")
            try connection.execute(
                sql: "INSERT OR IGNORE INTO poolUse (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?)",
                arguments: StatementArguments(values.map(\.stored)))
        }
        // As a service of this boot has it; what another boot left is ended by the same call as ever.
        try endOtherBoots(connection, bootID: bootID, nowReal: real)
        for lease in contents.leases { try insert(lease, connection) }
        try connection.execute(sql: "UPDATE boot SET lastNumber = ?", arguments: [contents.lastNumber])
    }
}

extension SalvagedStore.UseValue {
    fileprivate var stored: (any DatabaseValueConvertible)? {
        switch self {
        case .text(let text): text
        case .number(let number): number
        case .none: nil
        }
    }
}
