import ArgumentParser
import ClientAPI
import LinuxSystem

/// Shows what nobody may need any more, and has it freed.
struct CollectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Looks for what nobody needs any more, and frees what has been so for a minute.",
        discussion: """
            vipns gc --dry-run

            The service does the same every 30 s. What is seen for the first time is only suspected; it is freed when it \
            is still there 60 s later. Nothing is printed where nothing is suspected. With --json a list of the type \
            Suspect of io.vipns.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Flag(help: "Only look; free nothing.")
    var dryRun = false

    func run() throws {
        let suspects = try service.connect().collect(dryRun: dryRun)
        if format.json { return try JSONOutput.write(suspects) }
        if suspects.isEmpty { return }
        StandardOutput.write(Self.table(suspects, now: SystemClock.realTimeMicroseconds()).text)
    }

    /// One line each.
    static func table(_ suspects: [Suspect], now: Int64) -> Table {
        var table = Table("SINCE", "WHAT", "DONE", "WHY")
        for suspect in suspects {
            let left = suspect.due - now
            let done = suspect.freed ? "freed" : left > 0 ? "in \(durationText(microseconds: left))" : "due"
            table.add(timeText(microseconds: suspect.since), Self.name(of: suspect), done, suspect.text)
        }
        return table
    }

    private static func name(of suspect: Suspect) -> String {
        switch suspect.kind {
        case .session: "session \(suspect.session ?? "-")"
        case .remains: suspect.session.map { "remains of \($0)" } ?? "namespace \(suspect.number ?? 0)"
        case .address: "address \(suspect.address ?? "-")"
        }
    }
}
