import ArgumentParser
import Glibc
import LinuxSystem

/// Checks a configuration file, by asking the program that reads it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration file; needs no service.",
        discussion: """
            Runs 'vipnsd --check FILE': the vipnsd beside this program or in ../sbin, else /usr/sbin/vipnsd. Output and \
            exit status are its own.
            """)

    @Argument(help: "The configuration file.")
    var file = "/etc/vipns/vipns.yaml"

    func run() throws {
        let program = Self.program()
        let words = CStringList([program, "--check", file])
        _ = unsafe execv(program, words.pointers)
        throw CommandFailure("cannot run '\(program)': \(Errno.current) (is vipnsd installed?)")
    }

    /// The vipnsd that belongs to this program.
    private static func program() -> String {
        let installed = "/usr/sbin/vipnsd"
        guard let resolved = unsafe realpath("/proc/self/exe", nil) else { return installed }
        defer { unsafe free(resolved) }
        let own = unsafe String(cString: resolved)
        let folder = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex)
        // In a build's folder both are side by side; installed, one is in bin and the other in sbin.
        let candidates = ["\(folder)/vipnsd", "\(folder)/../sbin/vipnsd"]
        return candidates.first { unsafe access($0, X_OK) == 0 } ?? installed
    }
}
