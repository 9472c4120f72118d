import ArgumentParser
import ClientAPI
import Glibc
import LinuxSystem
import Varlink

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
            more: vipns enter -- env NAME=VALUE COMMAND). In the session VIPNS_SESSION, VIPNS_ADDRESS and VIPNS_POOL \
            are set. Without a command it is the user's shell: interactive, no login shell, in the present directory, \
            as with su(1).
            """)

    @OptionGroup var service: ServiceOptions

    @Option(help: ArgumentHelp("The pool to take the address from; default: the first.", valueName: "pool"))
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
        default: throw ValidationError(
            "unknown option '\(first)' (a command that begins with '-' goes after '--')")
        }
    }

    func run() throws {
        try Caller.requireRoot(to: "enter a session", verb: "enter")
        // Names are looked up before the namespace is entered: the account database may be on the network.
        let person = try Person(account: Caller.account(named: user))
        let words = command.first == "--" ? command.count - 1 : command.count
        let session = try open(for: person)
        throw Become(person: person, session: session, trailingArguments: words).run()
    }

    /// Opens the session and moves this process in; nil where the host's network is shared.
    private func open(for person: Person) throws -> Session? {
        let client = try service.connect()
        let answer = try client.open(mode: .enter, user: person.account.name, pool: pool, service: "vipns")
        let reply = answer.parameters
        if let message = reply.message { StandardError.write(message + "\n") }
        switch reply.outcome {
        case .shared:
            return nil
        case .granted, .isolated:
            guard let session = reply.session else {
                throw CommandFailure("cannot enter a session: the service named none")
            }
            try Namespace.enter(answer.takeDescriptor(), of: session)
            try client.entered(session: session.id)
            return session
        }
    }
}

/// The way into a session's network namespace.
enum Namespace {
    /// Checks what came and moves this process in for good; the descriptor is closed.
    static func enter(_ descriptor: consuming OwnedDescriptor?, of session: Session) throws(CommandFailure) {
        guard let descriptor else {
            throw CommandFailure("cannot enter session '\(session.id)': the service sent no network namespace")
        }
        do throws(Errno) {
            try NetworkNamespace(received: descriptor).enter()
        } catch .invalidArgument {
            throw CommandFailure(
                "cannot enter session '\(session.id)': what the service sent is not a network namespace of this host, "
                    + "or the one that vipns is in")
        } catch {
            throw CommandFailure("cannot enter session '\(session.id)': \(error)")
        }
    }
}
