import ArgumentParser
import Glibc
import ProgramVersion

/// The command line: one type a verb, beside this file.
@main
struct Vipns: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipns",
        abstract: "Gives a session a network of its own: a virtual IP from a pool and a private loopback.",
        discussion: """
            vipns enter                     a shell in a session of its own
            vipns enter -- ./server         the same for one program
            vipns list                      who has which address
            vipns exec 10.9.0.10 -- ss -l   look into a session
            vipns close k7f3                end a session

            Every verb that asks the service takes --socket PATH, behind the verb or before it. \
            A session is named by its id, by a beginning of it that no other has, or by its address. Exit status: 0 done, \
            1 failed, 64 wrong usage, 75 try again later; 'enter' and 'exec' give the command's own, 126 for a command \
            that cannot be run and 127 for one that is not found.
            """,
        version: "vipns \(programVersion)",
        subcommands: [
            EnterCommand.self, ExecCommand.self, ListCommand.self, ShowCommand.self, SocketsCommand.self,
            CloseCommand.self, PoolCommand.self, HistoryCommand.self, WatchCommand.self, CheckCommand.self,
            ReloadCommand.self, CollectCommand.self, RepairCommand.self,
        ])

    static func main() {
        Glibc.exit(status(of: Array(CommandLine.arguments.dropFirst())))
    }

    /// Runs one command line to its end; the one place where errors are told.
    private static func status(of arguments: [String]) -> CInt {
        do {
            let arguments = behindVerb(arguments)
            if let entering = Entering(plain: arguments) { try entering.run() }
            var command = try parseAsRoot(arguments)
            try command.run()
            return 0
        } catch {
            if let failure = CommandFailure(error) {
                failure.report()
                return failure.status
            }
            return report(parserError: error)
        }
    }

    /// Moves `--socket PATH` before the verb to behind it, where the verbs know it.
    static func behindVerb(_ arguments: [String]) -> [String] {
        guard let first = arguments.first, first == "--socket" || first.hasPrefix("--socket=") else { return arguments }
        let option = arguments.prefix(first == "--socket" ? 2 : 1)
        let rest = arguments.dropFirst(option.count)
        guard let verb = rest.first, !verb.hasPrefix("-") else { return arguments }
        return [verb] + option + rest.dropFirst()
    }

    /// Tells what the argument parser has to say: help and the like on standard output, wrong usage on standard error.
    private static func report(parserError error: any Error) -> CInt {
        let status = exitCode(for: error).rawValue
        let text = fullMessage(for: error)
        if text.isEmpty { return status }
        guard status != 0 else {
            StandardOutput.write(text + "\n")
            return status
        }
        StandardError.write("vipns: \(styled(usage: text))\n")
        return status
    }

    /// The parser's sentence in the form of ours: without its label, lower case.
    static func styled(usage text: String) -> String {
        let sentence = text.hasPrefix("Error: ") ? text.dropFirst("Error: ".count) : text[...]
        return sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
}
