internal import GRDB
internal import Leasing

/// The tables of the file, as a list of steps; one that has shipped never changes.
///
/// Text forms of addresses and names are stored rather than numbers, so that sqlite3(1) shows them as they are known.
/// Columns have the names of the properties that they hold.
enum LeaseSchema {
    /// Every step from an empty file to the format of this version; a file's format is named after its last one.
    static let steps: [(identifier: String, sql: String)] = [
        ("1", format1), ("2", format2), ("3", format3), ("4", format4), ("5", format5),
    ]

    /// Brings a file of any former format to that of this version.
    ///
    /// All steps are one migration, and so one transaction: whatever kills it leaves the format that was there, or this
    /// one. A step that were a migration of its own could be where it stops.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        guard let last = steps.last else { return migrator }
        let former = Set(steps.dropLast().map(\.identifier))
        migrator.registerMigration(last.identifier, merging: former) { connection, applied in
            // The file names its last step alone, or, where a former version made it, each.
            let done = steps.lastIndex { applied.contains($0.identifier) }
            for step in steps[(done.map { $0 + 1 } ?? 0)...] {
                try connection.execute(sql: step.sql)
                if step.identifier == "5" { try addChecksums(connection) }
            }
        }
        return migrator
    }

    /// Rows that make no lease keep a checksum that is none: they are refused when leases are read, in better words.
    static func addChecksums(_ connection: Database) throws {
        let addresses = try SQLiteLeaseStore.storedAddresses(connection)
        for row in try Row.fetchAll(connection, sql: "SELECT * FROM lease") {
            let columns = Columns(row: row)
            guard let session: String = try? columns.value("session"),
                let lease = try? Lease(unchecked: columns, addresses: addresses[session] ?? [])
            else { continue }
            try connection.execute(
                sql: "UPDATE lease SET checksum = ? WHERE session = ?", arguments: [lease.checksum, session])
        }
    }

    /// A lease that was changed by accident is told from one that was written; filled in by `addChecksums`.
    private static let format5 = "ALTER TABLE lease ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0"

    /// Whose a session is.
    private static let format2 = "ALTER TABLE lease ADD COLUMN scope TEXT NOT NULL DEFAULT 'session'"

    /// How hard pools are used, and a quick way to the history that is to be forgotten.
    private static let format3 = """
        CREATE TABLE poolUse (
            pool TEXT NOT NULL,
            day INTEGER NOT NULL,         -- whole days since 1970 UTC
            firstAt INTEGER NOT NULL,
            peak INTEGER NOT NULL,        -- the most addresses that were not free at one time
            peakAt INTEGER,
            refusals INTEGER NOT NULL,
            lastRefusalAt INTEGER,
            PRIMARY KEY (pool, day)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX historyEnded ON history (endedAt) WHERE endedAt IS NOT NULL;
        """

    /// Pairs: a lease has its addresses in a table of their own, where each is once, whichever family and pool it is of.
    private static let format4 = """
        CREATE TABLE leaseAddress (
            address TEXT PRIMARY KEY,     -- an address is never on two links
            session TEXT NOT NULL REFERENCES lease (session) ON DELETE CASCADE,
            place INTEGER NOT NULL,       -- 0 is the address that the session is known by, 1 the one paired with it
            prefixLength INTEGER NOT NULL,
            gateway TEXT
        ) STRICT, WITHOUT ROWID;
        INSERT INTO leaseAddress
            SELECT address, session, 0, prefixLength, gateway FROM lease WHERE address IS NOT NULL;
        CREATE UNIQUE INDEX leaseAddressPlace ON leaseAddress (session, place);

        -- SQLite drops no column that is unique.
        CREATE TABLE newLease (
            session TEXT PRIMARY KEY,
            bootID TEXT NOT NULL,
            number INTEGER NOT NULL,
            cookie INTEGER,
            pool TEXT NOT NULL,
            parent TEXT NOT NULL,
            macvlanMode TEXT NOT NULL,
            user TEXT NOT NULL,
            uid INTEGER NOT NULL,
            service TEXT NOT NULL,
            mode TEXT NOT NULL,
            scope TEXT NOT NULL,
            leftovers TEXT NOT NULL,
            phase TEXT NOT NULL,
            leaders TEXT NOT NULL,
            openedAt INTEGER NOT NULL,
            openedBoot INTEGER NOT NULL,
            heldUntilBoot INTEGER,
            endReason TEXT
        ) STRICT, WITHOUT ROWID;
        INSERT INTO newLease
            SELECT session, bootID, number, cookie, pool, parent, macvlanMode, user, uid, service, mode, scope,
                leftovers, phase, leaders, openedAt, openedBoot, heldUntilBoot, endReason FROM lease;
        DROP TABLE lease;
        ALTER TABLE newLease RENAME TO lease;

        ALTER TABLE history ADD COLUMN pairedAddress TEXT;
        CREATE INDEX historyByPairedAddress ON history (pairedAddress, openedAt) WHERE pairedAddress IS NOT NULL;
        """

    private static let format1 = """
        -- One row: what belongs to this boot.
        CREATE TABLE boot (
            id INTEGER PRIMARY KEY CHECK (id = 0),
            bootID TEXT NOT NULL,
            lastNumber INTEGER NOT NULL
        ) STRICT;
        INSERT INTO boot VALUES (0, '', 1048575);

        CREATE TABLE lease (
            session TEXT PRIMARY KEY,
            bootID TEXT NOT NULL,
            number INTEGER NOT NULL,
            cookie INTEGER,               -- the bits of a UInt64
            pool TEXT NOT NULL,
            address TEXT UNIQUE,          -- an address is never on two links
            prefixLength INTEGER NOT NULL,
            gateway TEXT,
            parent TEXT NOT NULL,
            macvlanMode TEXT NOT NULL,
            user TEXT NOT NULL,
            uid INTEGER NOT NULL,
            service TEXT NOT NULL,
            mode TEXT NOT NULL,
            leftovers TEXT NOT NULL,
            phase TEXT NOT NULL,
            leaders TEXT NOT NULL,        -- PID:STARTTICKS, separated by spaces
            openedAt INTEGER NOT NULL,
            openedBoot INTEGER NOT NULL,
            heldUntilBoot INTEGER,
            endReason TEXT                -- the plan's word, once the session ends
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE history (
            id INTEGER PRIMARY KEY,
            session TEXT NOT NULL,
            bootID TEXT NOT NULL,
            user TEXT NOT NULL,
            uid INTEGER NOT NULL,
            service TEXT NOT NULL,
            pool TEXT NOT NULL,
            address TEXT,
            outcome TEXT NOT NULL,
            openedAt INTEGER NOT NULL,
            openedBoot INTEGER NOT NULL,
            endedAt INTEGER,
            endedBoot INTEGER,
            reason TEXT
        ) STRICT;
        CREATE INDEX historyByAddress ON history (address, openedAt) WHERE address IS NOT NULL;
        CREATE INDEX historyByUser ON history (user);
        CREATE INDEX historyByUID ON history (uid);
        CREATE INDEX historyOpen ON history (session) WHERE endedAt IS NULL AND outcome IN ('granted', 'isolated');

        -- Addresses in the order in which their last use ended. The clock may be set back, the row ids go up.
        CREATE TABLE returned (
            id INTEGER PRIMARY KEY,
            address TEXT NOT NULL UNIQUE
        ) STRICT;
        """
}
