public import Addressing
internal import GRDB
public import Leasing
internal import Synchronization

extension SQLiteLeaseStore {
    static let insertLease = insertion(into: "lease", Lease.rowColumns)
    static let insertAddress = insertion(into: "leaseAddress", SessionAddress.rowColumns)
    static let insertHistory = insertion(into: "history", HistoryRecord.rowColumns)

    static let updateLease = """
        UPDATE lease SET phase = ?, cookie = ?, leaders = ?, heldUntilBoot = ?, endReason = ?, checksum = ?
        WHERE session = ?
        """
    static let deleteLease = "DELETE FROM lease WHERE session = ?"

    static func insertion(into table: String, _ columns: [String]) -> String {
        let marks = columns.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(marks))"
    }

    /// Ends what another boot has left, and gives what this boot has stored.
    public func open(
        boot bootID: String, nowReal: Int64, nowBoot: Int64
    ) async throws(LeaseStoreError) -> StoredState {
        try await attempt("read leases from") {
            let ended = Mutex<[String]>([])
            try await self.writes.perform { connection in
                if try String.fetchOne(connection, sql: "SELECT bootID FROM boot") != bootID {
                    try Self.refuseLeases(of: bootID, connection)
                    let sessions = try String.fetchAll(connection, sql: "SELECT session FROM lease")
                    ended.withLock { $0 = sessions }
                    try Self.endOtherBoots(connection, bootID: bootID, nowReal: nowReal)
                }
            }
            var state = try await self.read { try Self.state($0) }
            state.endedByReboot = Set(ended.withLock { $0 }.compactMap { SessionID($0) })
            return state
        }
    }

    static func endOtherBoots(_ connection: Database, bootID: String, nowReal: Int64) throws {
        let open = "endedAt IS NULL AND outcome IN ('granted', 'isolated') AND bootID <> ?"
        try connection.execute(
            sql: """
                INSERT OR REPLACE INTO returned (address)
                SELECT address FROM history WHERE \(open) AND address IS NOT NULL ORDER BY id
                """, arguments: [bootID])
        try connection.execute(
            sql: "UPDATE history SET endedAt = ?, reason = 'ended by reboot' WHERE \(open)",
            arguments: [nowReal, bootID])
        try connection.execute(sql: "DELETE FROM lease WHERE bootID <> ?", arguments: [bootID])
        try connection.execute(
            sql: "UPDATE boot SET bootID = ?, lastNumber = ?", arguments: [bootID, StoredState.numberBeforeFirst])
    }

    /// The row that names the boot is changed before a boot stores its first lease.
    private static func refuseLeases(of bootID: String, _ connection: Database) throws {
        let sql = "SELECT count(*) FROM lease WHERE bootID = ?"
        let count = try Int.fetchOne(connection, sql: sql, arguments: [bootID]) ?? 0
        if count > 0 { throw Damage("\(count) leases are of this boot, but table 'boot' names another") }
    }

    /// The addresses of each session, by its id as it is stored.
    static func storedAddresses(_ connection: Database) throws -> [String: [SessionAddress]] {
        var addresses: [String: [SessionAddress]] = [:]
        // Row by row: of a row that is kept the columns are searched by name again each time.
        let rows = try Row.fetchCursor(connection, sql: "SELECT * FROM leaseAddress ORDER BY session, place")
        while let row = try rows.next() {
            let columns = Columns(row: row)
            addresses[try columns.value("session"), default: []].append(try SessionAddress(columns))
        }
        return addresses
    }

    private static func state(_ connection: Database) throws -> StoredState {
        var addresses = try storedAddresses(connection)
        let rows = try Row.fetchCursor(connection, sql: "SELECT * FROM lease ORDER BY number")
        var leases: [Lease] = []
        while let row = try rows.next() {
            let columns = Columns(row: row)
            let own = addresses.removeValue(forKey: try columns.value("session")) ?? []
            leases.append(try Lease(columns, addresses: own))
        }
        if let (session, stray) = addresses.first, let address = stray.first?.address {
            throw Damage("address '\(address)' is leased to session '\(session)', which is not stored")
        }
        let boot = Columns(row: try Row.fetchOne(connection, sql: "SELECT lastNumber FROM boot") ?? Row())
        let least = max(StoredState.numberBeforeFirst, leases.last?.number ?? 0)
        let lastNumber: UInt32 = try boot.converted("lastNumber") { (number: UInt32) in
            // Below the last lease's, numbers would be given twice; far above, none would be left.
            number == least || (least..<max(least, 1 << 30)).contains(number) ? number : nil
        }
        let returned = try Row.fetchCursor(
            connection,
            sql: """
                SELECT address FROM returned
                WHERE address NOT IN (SELECT address FROM leaseAddress) ORDER BY id
                """)
        let released = try Array(returned.map { try Columns(row: $0).parsed("address", IPAddress.init) })
        return StoredState(leases: leases, lastNumber: lastNumber, released: released)
    }

    /// Stores a lease, its open history record and its number in one durable transaction.
    public func storeIntent(_ lease: Lease) async throws(LeaseStoreError) {
        try await attempt("store the intent of session '\(lease.session)' in") {
            try await self.writes.perform(mayBeRefused: true) { [reserve = self.reserve] connection in
                try reserve.keep()
                try Self.insert(lease, connection)
                let history = try connection.cachedStatement(sql: Self.insertHistory)
                let record = HistoryRecord(opening: lease)
                try history.execute(arguments: record.rowValues)
                try Self.countRefusal(record, connection)
                let number = try connection.cachedStatement(sql: "UPDATE boot SET lastNumber = max(lastNumber, ?)")
                try number.execute(arguments: [lease.number])
            }
        }
    }

    static func insert(_ lease: Lease, _ connection: Database) throws {
        try connection.cachedStatement(sql: insertLease).execute(arguments: lease.rowValues)
        let statement = try connection.cachedStatement(sql: insertAddress)
        for (place, address) in lease.addresses.enumerated() {
            do {
                try statement.execute(arguments: address.rowValues(of: lease.session, place: place))
            } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                throw Refusal(cause: .addressTaken(address.address))
            }
        }
    }

    /// Stores phase, cookie, leaders and hold time of a lease; one that is not stored is left so.
    ///
    /// Not forced to the disk: a lease means nothing after the machine's end.
    public func update(_ lease: Lease) async throws(LeaseStoreError) {
        try await attempt("update session '\(lease.session)' in") {
            try await self.writes.perform(durably: false) { connection in
                try Self.update(lease, connection)
            }
        }
    }

    private static func update(_ lease: Lease, _ connection: Database) throws {
        let statement = try connection.cachedStatement(sql: updateLease)
        try statement.execute(arguments: [
            lease.phase.rawValue, lease.storedCookie, lease.storedLeaders, lease.heldUntilBoot, lease.endReason,
            lease.checksum, lease.session.description,
        ])
    }

    /// Deletes a lease; twice is harmless.
    ///
    /// Not forced to the disk: should the row come back with the machine, it is of another boot.
    public func release(_ session: SessionID) async throws(LeaseStoreError) {
        try await attempt("release session '\(session)' in") {
            try await self.writes.perform(durably: false) { connection in
                let statement = try connection.cachedStatement(sql: Self.deleteLease)
                try statement.execute(arguments: [session.description])
            }
        }
    }

    /// Closes the history record, if it is open, and stores the lease's phase and hold time.
    public func recordEnd(
        _ lease: Lease, at real: Int64, boot: Int64, reason: String, failed: Bool
    ) async throws(LeaseStoreError) {
        try await attempt("store the end of session '\(lease.session)' in") {
            try await self.writes.perform { connection in
                let history = try connection.cachedStatement(
                    sql: """
                        UPDATE history SET endedAt = ?, endedBoot = ?, reason = ?, outcome = coalesce(?, outcome)
                        WHERE session = ? AND bootID = ? AND endedAt IS NULL AND outcome IN ('granted', 'isolated')
                        """)
                try history.execute(arguments: [
                    real, boot, reason, failed ? HistoryRecord.failed : nil, lease.session.description, lease.bootID,
                ])
                if connection.changesCount > 0, let address = lease.address {
                    let returned = try connection.cachedStatement(
                        sql: "INSERT OR REPLACE INTO returned (address) VALUES (?)")
                    try returned.execute(arguments: [address.description])
                }
                try Self.update(lease, connection)
            }
        }
    }

    /// Stores the history record of a request that got no session of its own.
    public func recordRefusal(_ record: HistoryRecord) async throws(LeaseStoreError) {
        try await attempt("store a refusal in") {
            try await self.writes.perform(mayBeRefused: true) { connection in
                try connection.cachedStatement(sql: Self.insertHistory).execute(arguments: record.rowValues)
                try Self.countRefusal(record, connection)
            }
        }
    }

    /// The history records that match, newest first.
    public func history(_ query: HistoryQuery) async throws(LeaseStoreError) -> [HistoryRecord] {
        try await attempt("read history from") {
            try await self.read { connection in
                let (sql, arguments) = query.statement
                let rows = try Row.fetchCursor(connection.cachedStatement(sql: sql), arguments: arguments)
                return try Array(rows.map { try HistoryRecord(Columns(row: $0)) })
            }
        }
    }
}
