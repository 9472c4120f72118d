import ClientAPI
import Glibc
import LinuxSystem

/// The last step of `enter` and `exec`: this process becomes the user's command.
struct Become {
    /// Who runs it.
    let person: Person
    /// Who runs this process; looked up before the namespace was entered, as the account database may be on the network.
    let caller: Account
    /// The session that this process is in; nil in the host's network.
    let session: Session?
    /// How many of this process's arguments, counted from the end, are the command; 0 for the user's shell.
    let trailingArguments: Int

    /// Returns only where that failed; the session, if this process leads it, then ends with the process.
    func run() -> CommandFailure {
        let environment = SessionEnvironment(
            for: person.account, calledBy: caller, session: session)
        // What root has open is not for somebody else's command.
        if person.account != caller { closeAboveStandardOnExec() }
        do throws(Errno) {
            try person.takeOnIDs()
        } catch {
            return CommandFailure("cannot become user '\(person.account.name)': \(error)")
        }
        environment.install()
        stayWhereAllowed()
        return trailingArguments == 0 ? runShell() : runCommand()
    }

    /// Keeps the working directory, or goes home where the user may not be in it.
    private func stayWhereAllowed() {
        if unsafe chdir(".") == 0 { return }
        let cause = Errno.current
        let home = person.account.home
        let refuge = unsafe chdir(home) == 0 ? home : "/"
        if refuge == "/" { _ = unsafe chdir("/") }
        StandardError.write(
            "vipns: warning: user '\(person.account.name)' may not use the working directory: \(cause), "
                + "going to '\(refuge)'\n")
    }

    /// An interactive shell that is no login shell, as su(1) starts it: no dash before its name.
    private func runShell() -> CommandFailure {
        let shell = person.account.shell
        let words = CStringList([String(shell.split(separator: "/").last ?? "sh")])
        _ = unsafe execv(shell, words.pointers)
        return failure("shell '\(shell)'", Errno.current, isSearched: false)
    }

    /// The command is taken from the process's own arguments: they may be no UTF-8, and arrive as they came.
    private func runCommand() -> CommandFailure {
        let words = unsafe CommandLine.unsafeArgv + (Int(CommandLine.argc) - trailingArguments)
        guard let name = unsafe words.pointee else {
            return failure("the command", .invalidArgument, isSearched: false)
        }
        _ = unsafe execvp(name, words)
        let cause = Errno.current
        let text = unsafe String(cString: name)
        return failure("'\(text)'", cause, isSearched: !text.contains("/"))
    }

    /// As env(1) has it: 127 for what is not there, 126 for what cannot be run.
    private func failure(_ subject: String, _ cause: Errno, isSearched: Bool) -> CommandFailure {
        guard cause == .noSuchFile else { return CommandFailure("cannot run \(subject): \(cause)", status: 126) }
        let hint = isSearched ? " (not found in PATH '\(Caller.variable("PATH") ?? "")')" : ""
        return CommandFailure("cannot run \(subject): \(cause)\(hint)", status: 127)
    }
}
