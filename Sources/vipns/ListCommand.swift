import ArgumentParser
import ClientAPI

/// Lists sessions.
struct ListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the sessions: all for root, else your own.",
        discussion: """
            LEADER is the process that entered; '+1' says that there is one more. With --json an array of the type \
            Session of io.vipns.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let sessions = try service.connect().list()
        if format.json { return try JSONOutput.write(sessions) }
        StandardOutput.write(Self.table(sessions))
    }

    /// One row a session.
    static func table(_ sessions: [Session]) -> Table {
        var table = Table("SESSION", "STATE", "ADDRESS", "USER", "POOL", "SERVICE", "LEADER", "AGE")
        for session in sessions {
            table.add(
                session.id, session.state.rawValue, session.addressText, session.user, session.pool, session.service,
                session.leaderText, session.ageText)
        }
        return table
    }
}
