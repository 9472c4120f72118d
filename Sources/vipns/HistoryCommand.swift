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

            TIME is \(Moment.forms). With --json an array of the type Record of io.vipns; its times are microseconds \
            since 1970 UTC.
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
        transform: { text in
            guard let moment = Moment.parse(text, now: SystemClock.realTimeMicroseconds()) else {
                throw ValidationError("a time is \(Moment.forms)")
            }
            return moment
        })
    var at: Int64?

    @Option(help: ArgumentHelp("At most so many.", valueName: "number"))
    var limit: Int?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is 1 at least") }
    }

    func run() throws {
        let entries = try service.connect().history(address: address, user: user, at: at, limit: limit)
        if format.json { return try JSONOutput.write(entries) }
        StandardOutput.write(Self.table(entries).text)
    }

    /// One row a record.
    static func table(_ entries: [HistoryEntry]) -> Table {
        var table = Table("OPENED", "ENDED", "ADDRESS", "USER", "SESSION", "POOL", "OUTCOME")
        for entry in entries {
            table.add(
                timeText(microseconds: entry.opened), end(of: entry), entry.address, entry.user,
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
