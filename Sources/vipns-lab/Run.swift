import ArgumentParser
import Lab
import LinuxSystem

/// `vipns-lab run`: one command in a fresh lab.
struct Run: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Runs one command on the host of a fresh lab.")

    @OptionGroup var arguments: LabArguments

    @Flag(help: "Leave the helper and the service out: the network alone.")
    var noDaemons = false

    @Option(help: ArgumentHelp("Ends the lab after so many seconds.", valueName: "seconds"))
    var limit: Int?

    @Argument(parsing: .captureForPassthrough, help: "The command and its arguments.")
    var command: [String]

    func run() throws {
        let words = command.first == "--" ? Array(command.dropFirst()) : command
        guard !words.isEmpty else { throw ValidationError("a command is missing") }
        try inLab(
            try arguments.options(), limit: limit.map { .seconds($0) }, report: statusNamingLeftovers
        ) { lab in
            if !noDaemons { try lab.startDaemons() }
            if arguments.logins { try lab.sshServer.start() }
            let pid = try lab.children.start(Children.Command(words))
            return lab.children.wait(pid, upTo: nil)?.shellStatus ?? 1
        }
    }
}
