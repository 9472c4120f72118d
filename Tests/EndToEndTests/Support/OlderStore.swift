import Foundation

@testable import LeaseStoreSQLite

/// The service's store as a former version would have left it.
enum OlderStore {
    /// Every format that there was, the last one being that of this version.
    static let formats = Array(1...LeaseSchema.steps.count)

    /// Python that defines `older(SOURCE, TARGET, FORMAT)` and `shape(PATH)`.
    ///
    /// The first writes what a store holds into a new file of a former format, without what that has no place for. The
    /// second tells the format that a file has.
    static var prelude: String {
        get throws {
            let steps = try JSONEncoder().encode(LeaseSchema.steps.map { [$0.identifier, $0.sql] })
            return """
                import json, os, sqlite3, sys
                steps = json.loads('''\(String(decoding: steps, as: UTF8.self).replacing("\\", with: "\\\\"))''')
                def older(source, target, format):
                    new, old = sqlite3.connect(source), sqlite3.connect(target, isolation_level=None)
                    old.execute("PRAGMA journal_mode = WAL")
                    old.execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
                    for identifier, sql in steps[:format]:
                        old.executescript(sql)
                        old.execute("INSERT INTO grdb_migrations VALUES (?)", [identifier])
                    tables = old.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
                    # Since format 4 the addresses of leases have a table of their own.
                    former = {"lease": "(SELECT lease.*, address, coalesce(prefixLength, 24) AS prefixLength, gateway "
                        "FROM lease LEFT JOIN leaseAddress ON lease.session = leaseAddress.session AND place = 0)"}
                    for table in {name for (name,) in tables} - {"grdb_migrations"}:
                        old.execute(f"DELETE FROM {table}")
                        columns = [f'"{row[1]}"' for row in old.execute(f"PRAGMA table_info({table})")]
                        source = former.get(table, table) if format < 4 else table
                        rows = new.execute(f"SELECT {', '.join(columns)} FROM {source}").fetchall()
                        marks = ", ".join("?" for _ in columns)
                        old.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)
                    new.close()
                    old.close()
                def shape(path):
                    file = sqlite3.connect(path)
                    assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)], path
                    lines = file.execute("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY name").fetchall()
                    return lines + file.execute("SELECT identifier FROM grdb_migrations ORDER BY identifier").fetchall()

                """
        }
    }
}

extension TestLab {
    /// Puts the store of the service, which must not run, back into a former format.
    func turnStoreBack(to format: Int) throws {
        let script = """
            path = "/run/vipns-lab/state/vipns.db"
            older(path, path + ".old", \(format))
            for end in ["", "-wal", "-shm"]:
                if os.path.exists(path + end): os.remove(path + end)
            os.rename(path + ".old", path)
            os.chown(path, 64742, 64742)
            """
        try succeed("/usr/bin/python3", "-c", OlderStore.prelude + script)
    }
}
