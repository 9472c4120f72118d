internal import GRDB
public import Leasing
internal import Synchronization

/// What is counted of pools, day by day, and what is forgotten in time.
extension SQLiteLeaseStore {
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Counts a request for which its pool had no address; all others pass.
    static func countRefusal(_ record: HistoryRecord, _ connection: Database) throws {
        let refused = [HistoryRecord.shared, HistoryRecord.denied, HistoryRecord.isolated]
        guard refused.contains(record.outcome) else { return }
        let statement = try connection.cachedStatement(
            sql: """
                INSERT INTO poolUse (pool, day, firstAt, peak, refusals, lastRefusalAt) VALUES (?, ?, ?3, 0, 1, ?3)
                ON CONFLICT DO UPDATE SET
                    refusals = refusals + 1,
                    lastRefusalAt = max(coalesce(lastRefusalAt, 0), excluded.lastRefusalAt)
                """)
        try statement.execute(arguments: [record.pool, record.openedAt / microsecondsPerDay, record.openedAt])
    }

    /// Stores that so many addresses of a pool were not free, where that is more than before on that day.
    ///
    /// Not forced to the disk: the intent of the session that made it so is, right after.
    public func recordPeak(_ addresses: Int, ofPool pool: String, at real: Int64) async throws(LeaseStoreError) {
        try await attempt("store the peak of pool '\(pool)' in") {
            try await self.writes.perform(durably: false, mayBeRefused: true) { connection in
                let statement = try connection.cachedStatement(
                    sql: """
                        INSERT INTO poolUse (pool, day, firstAt, peak, peakAt, refusals) VALUES (?, ?, ?3, ?, ?3, 0)
                        ON CONFLICT DO UPDATE SET peak = excluded.peak, peakAt = excluded.peakAt
                        WHERE excluded.peak > peak
                        """)
                try statement.execute(arguments: [pool, real / Self.microsecondsPerDay, real, addresses])
            }
        }
    }

    /// How hard each pool was used, by name.
    public func poolUse() async throws(LeaseStoreError) -> [PoolUse] {
        try await attempt("read the use of pools from") {
            try await self.read { connection in
                // SQLite takes the bare column from the row with the maximum; lang_select.html, "Bare columns".
                let rows = try Row.fetchAll(
                    connection,
                    sql: """
                        SELECT * FROM
                            (SELECT pool, sum(refusals) AS refusals, max(lastRefusalAt) AS lastRefusalAt,
                                min(firstAt) AS since FROM poolUse GROUP BY pool)
                            JOIN (SELECT pool, max(peak) AS peak, peakAt FROM poolUse GROUP BY pool) USING (pool)
                        ORDER BY pool
                        """)
                return try rows.map { try PoolUse(Columns(row: $0)) }
            }
        }
    }

    /// Forgets `most` records at most that `limit` says are old, and what was counted on days before it.
    ///
    /// Not forced to the disk: what comes back after a power cut is forgotten again.
    /// - Returns: how many records.
    public func forgetHistory(_ limit: HistoryLimit, atMost most: Int) async throws(LeaseStoreError) -> Int {
        try await attempt("forget history of") {
            let count = Mutex(0)
            try await self.writes.perform(durably: false, mayBeRefused: true) { connection in
                try connection.execute(
                    sql: """
                        DELETE FROM history WHERE id IN (
                            SELECT id FROM history
                            WHERE endedAt IS NOT NULL AND endedAt < ?
                                AND CASE WHEN bootID = (SELECT bootID FROM boot) THEN endedBoot < ? ELSE ? END
                            ORDER BY endedAt LIMIT ?)
                        """, arguments: [limit.real, limit.boot, limit.includesFormerBoots, max(0, most)])
                count.withLock { [changes = connection.changesCount] in $0 = changes }
                guard limit.includesFormerBoots else { return }
                try connection.execute(
                    sql: "DELETE FROM poolUse WHERE day < ?", arguments: [limit.real / Self.microsecondsPerDay])
            }
            return count.withLock { $0 }
        }
    }
}

extension PoolUse {
    /// Reads a row of the query above; throws `Columns.Damage`.
    fileprivate init(_ columns: Columns) throws {
        self.init(
            pool: try columns.value("pool"),
            peak: try columns.value("peak"),
            peakAt: try columns.optional("peakAt"),
            refusals: try columns.value("refusals"),
            lastRefusalAt: try columns.optional("lastRefusalAt"),
            since: try columns.value("since"))
    }
}
