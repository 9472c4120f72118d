import ArgumentParser
import ClientAPI
import Glibc
import LinuxSystem
import Varlink

/// Becomes a command in a session that lives.
struct ExecCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exec",
        abstract: "Becomes a command, or a shell, in a session that lives. Needs root.",
        discussion: """
            vipns exec k7f3 -- ss -tln                 what listens in there
            vipns exec 10.9.0.10 --user root           a root shell at that address

            Ids, groups and environment are as with 'vipns enter'. The command does not own the session: the session \
            ends with those that entered it, and then waits for the command or kills it, as its pool says.
            """)

    @OptionGroup var service: ServiceOptions

    @Option(help: ArgumentHelp("Whom to become: a name or a number; default: the session's user.", valueName: "user"))
    var user: String?

    @Argument(help: "The session: id, beginning of it, or address.", completion: Completions.sessions)
    var session: String

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The command and its arguments, after '--'; default: a shell.", valueName: "command"))
    var command: [String] = []

    func run() throws {
        try Caller.requireRoot(to: "enter a session", verb: "exec")
        let named = try user.map { name throws(CommandFailure) in try Person(account: Caller.account(named: name)) }
        let answer = try service.connect().join(session: session)
        let joined = answer.parameters.session
        let person = named ?? Person(account: Account(uid: joined.uid))
        let caller = Account(uid: getuid())
        try Namespace.enter(answer.takeDescriptor(), of: joined)
        throw Become(person: person, caller: caller, session: joined, trailingArguments: command.count).run()
    }
}
