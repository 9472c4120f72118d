import ArgumentParser

/// Opens a session and becomes a command in it.
struct EnterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enter",
        abstract: "Opens a session and becomes a shell or a command in it. Needs root.",
        discussion: """
            sudo vipns enter                           your shell, at an address of its own
            sudo vipns enter -- ./server --port 5060
            vipns enter --pool lab --user alice        for somebody else

            The process stays the same: what waits for vipns waits for the command, and the session ends when the \
            command does. The command runs as the user, with that user's groups. Becoming another user sets HOME, SHELL, \
            USER, LOGNAME and PATH and keeps of all else only what tells language, time zone and terminal (to set \
            more: vipns enter -- env NAME=VALUE COMMAND). In the session VIPNS_SESSION, VIPNS_ADDRESS, \
            VIPNS_PAIRED_ADDRESS (the IPv6 address of a pair) and VIPNS_POOL are set. Without a command it is the user's shell: interactive, no login shell, in the present directory, \
            as with su(1).
            """)

    @OptionGroup var service: ServiceOptions

    @Option(
        help: ArgumentHelp("The pool to take the address from; default: the first.", valueName: "pool"),
        completion: Completions.pools)
    var pool: String?

    @Option(
        help: ArgumentHelp(
            "Whom to become: a name or a number; default: who called sudo, else root.", valueName: "user"))
    var user: String?

    @Argument(
        parsing: .captureForPassthrough,
        help: ArgumentHelp("The command and its arguments; default: the user's shell.", valueName: "command"))
    var command: [String] = []

    func validate() throws {
        // Everything from the first word that is no option of ours belongs to the command, even '--help'.
        guard let first = command.first, first.hasPrefix("-"), first != "--" else { return }
        switch first {
        case "-h", "--help": throw CleanExit.helpRequest(self)
        case "--version": throw CleanExit.message(Vipns.configuration.version)
        default:
            throw ValidationError(
                "unknown option '\(first)' (a command that begins with '-' goes after '--')")
        }
    }

    /// What was read, without the parser.
    var entering: Entering {
        let words = command.first == "--" ? command.count - 1 : command.count
        return Entering(socket: service.socket, pool: pool, user: user, trailingArguments: words)
    }

    func run() throws {
        try entering.run()
    }
}
