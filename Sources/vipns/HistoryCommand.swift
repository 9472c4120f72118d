import ArgumentParser
import ClientAPI
import LinuxSystem

/// Tells who had which address when.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "Tells who had which address when, newest first.",
        discussion: """
            vipns history --address 10.9.0.10 --at '2026-11-23 14:05'
            vipns history --user alice --limit 5
            vipns history --at -10m
            vipns history --since '2026-11-01 00:00' --until '2026-12-01 00:00' --csv > november.csv

            TIME is \(Moment.forms). A table and JSON have 100 records at most unless --limit says otherwise, CSV has \
            all. With --json an array of the type Record of io.vipns; its times are microseconds since 1970 UTC. With \
            --csv a line of names and a line a record (RFC 4180); its times are UTC as of ISO 8601, 'ended' is empty \
            while a session lives. What is older than the configuration's 'history' says is gone.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Option(help: ArgumentHelp("Only of this address.", valueName: "address"))
    var address: String?

    @Option(help: ArgumentHelp("Only of this user.", valueName: "user"))
    var user: String?

    // Unconditional, because '-10m' begins like an option.
    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only what lived at that moment.", valueName: "time"),
        transform: moment)
    var at: Int64?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only what had not ended before.", valueName: "time"),
        transform: moment)
    var since: Int64?

    @Option(
        parsing: .unconditional, help: ArgumentHelp("Only what was opened before.", valueName: "time"),
        transform: moment)
    var until: Int64?

    @Option(help: ArgumentHelp("At most so many.", valueName: "number"))
    var limit: Int?

    @Flag(help: "Print comma-separated values, for a spreadsheet.")
    var csv = false

    private static func moment(_ text: String) throws -> Int64 {
        guard let moment = Moment.parse(text, now: SystemClock.realTimeMicroseconds()) else {
            throw ValidationError("a time is \(Moment.forms)")
        }
        return moment
    }

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 at least") }
        if csv && format.json { throw ValidationError("--csv and --json exclude each other") }
        if let since, let until, until <= since { throw ValidationError("--until is not after --since") }
    }

    func run() throws {
        let client = try service.connect()
        if csv {
            StandardOutput.write(HistoryCSV.header)
            let asked = Method.History.Parameters(
                address: address, user: user, at: at, since: since, until: until, limit: limit ?? .max)
            return try client.history(asked) { StandardOutput.write($0.map(HistoryCSV.line).joined()) }
        }
        let entries = try client.history(
            address: address, user: user, at: at, since: since, until: until, limit: limit)
        if format.json { return try JSONOutput.write(entries) }
        StandardOutput.write(Self.table(entries))
        // Who looks for somebody in a table must know that it may be cut short.
        if limit == nil, entries.count == 100 {
            StandardError.write("vipns: these are the newest 100, there may be more (--limit shows them)\n")
        }
    }

    /// One row a record.
    static func table(_ entries: [HistoryEntry]) -> Table {
        var table = Table("OPENED", "ENDED", "ADDRESS", "USER", "SESSION", "POOL", "OUTCOME")
        for entry in entries {
            table.add(
                timeText(microseconds: entry.opened), end(of: entry),
                entry.address.map { pairText($0, entry.pairedAddress) }, entry.user,
                entry.id.isEmpty ? nil : entry.id, entry.pool, outcome(of: entry))
        }
        return table
    }

    private static func end(of entry: HistoryEntry) -> String? {
        entry.ended.map { endText(microseconds: $0, start: entry.opened) }
    }

    /// What came of the open, and how it ended.
    private static func outcome(of entry: HistoryEntry) -> String {
        entry.reason.map { "\(entry.outcome), \($0)" } ?? entry.outcome
    }
}
