import ArgumentParser
import ClientAPI

/// Ends sessions.
struct CloseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "close",
        abstract: "Ends sessions and waits until they are gone.",
        discussion: """
            vipns close k7f3 10.9.0.11                 two sessions
            vipns close --all --kill                   every one, with all processes in it

            Where the pool says 'wait', a session that has processes left goes on until the last has ended; its address \
            is not granted to anyone until then. --kill and --wait replace the pool's choice. Called from inside the \
            session it means "I am leaving" and returns at once. Closing a session twice does no harm. With --json an \
            array of the type Session of io.vipns, as the sessions are afterwards.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Flag(help: "Close every session that you may close.")
    var all = false

    @Flag(help: "What becomes of processes that are left; default: as the pool says.")
    var leftovers: LeftoversFlag?

    @Argument(
        help: ArgumentHelp("The sessions: id, beginning of it, or address.", valueName: "session"),
        completion: Completions.sessions)
    var sessions: [String] = []

    /// The two choices as flags.
    enum LeftoversFlag: String, EnumerableFlag {
        case kill, wait

        static func help(for value: Self) -> ArgumentHelp? {
            switch value {
            case .kill: "Kill what is left."
            case .wait: "Let what is left end by itself."
            }
        }

        /// The word of the service.
        var leftovers: Session.Leftovers {
            switch self {
            case .kill: .kill
            case .wait: .wait
            }
        }
    }

    func validate() throws {
        if all && !sessions.isEmpty { throw ValidationError("--all and names of sessions exclude each other") }
        if !all && sessions.isEmpty { throw ValidationError("no session is named (or say --all)") }
    }

    func run() throws {
        let names = all ? try service.connect().list().filter { !$0.isGone }.map(\.id) : sessions
        let closing = Closing(
            names, socket: service.socket, leftovers: leftovers?.leftovers, areAll: all, isQuiet: format.json)
        let (closed, failures) = try closing.run()
        if format.json { try JSONOutput.write(closed) }
        if names.isEmpty && !format.json { StandardOutput.write("no sessions\n") }
        if let first = failures.first {
            // One failure keeps its own status: a script closes one session and may try again.
            throw ExitCode(names.count == 1 ? first.status : CommandFailure.failed)
        }
    }

    /// What became of it.
    static func text(_ session: Session, members: Int?) -> String {
        switch session.state {
        case .held, .quarantined:
            return "session '\(session.id)' is closed"
        case .lingering:
            let processes = members.map { $0 == 1 ? "1 process" : "\($0) processes" } ?? "its processes"
            return "session '\(session.id)' waits for \(processes) (vipns close --kill ends them)"
        case .allocating, .active, .closing:
            return "session '\(session.id)' is closing"
        }
    }
}
