import ArgumentParser
import CLinux
import Glibc
import Lab
import LinuxSystem

/// Builds the lab, runs ``Measure`` in it, and clears up.
struct RunInLab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Builds a lab, measures in it, prints the table.")

    @OptionGroup var scope: Scope

    @Option(help: ArgumentHelp("A directory on the disk to store in.", valueName: "directory"))
    var disk = "/var/tmp"

    @Argument(
        parsing: .captureForPassthrough, help: ArgumentHelp("Runs this in the lab instead.", valueName: "command"))
    var command: [String] = []

    func run() throws {
        var options = LabOptions()
        options.ranges = [LAN.poolRange]
        options.prefixLength = LAN.prefixLength
        options.logins = scope.includes("logins") ? .required : .none
        let state = try StateDirectory(on: disk)
        switch try Lab.enter(options, limit: .seconds(900)) {
        case .ended(let report):
            state.remove()
            if !report.leftovers.isEmpty { throw BenchError("left behind: \(report.leftovers)") }
            throw ExitCode(report.status)
        case .inside(let lab):
            lab.leave(measure(in: lab, state))
        }
    }

    private func measure(in lab: Lab, _ state: StateDirectory) -> Int32 {
        do {
            try state.mount(on: LabPaths.state)
            try lab.startDaemons()
            if lab.options.logins != .none { try lab.sshServer.start() }
            let own = command.first == "--" ? Array(command.dropFirst()) : command
            let words = own.isEmpty ? ["/proc/self/exe", "measure"] + flags : own
            let pid = try lab.children.start(Children.Command(words))
            return lab.children.wait(pid, upTo: nil)?.shellStatus ?? 1
        } catch {
            print("vipns-bench: \(error)")
            return 1
        }
    }

    private var flags: [String] { (scope.quick ? ["--quick"] : []) + scope.only.flatMap { ["--only", $0] } }
}

/// Where the service stores during a run: the lab's own files are in memory, where a durable write costs nothing.
struct StateDirectory {
    private static let variable = "VIPNS_BENCH_STATE"
    private let path: String

    /// Makes it, or finds what the program outside of the lab has made.
    init(on disk: String) throws(Errno) {
        if let inherited = unsafe getenv(Self.variable) {
            path = unsafe String(cString: inherited)
            return
        }
        path = "\(disk)/vipns-bench.\(getpid())"
        let path = path
        try checked { unsafe mkdir(path, 0o700) }
        _ = unsafe setenv(Self.variable, path, 1)
    }

    /// Shows it at `target` in the lab.
    func mount(on target: String) throws(Errno) {
        try checked { unsafe vipns_bind_mount(path, target) }
    }

    /// Takes it away with all that the service has stored.
    func remove() {
        for name in (try? directoryEntries(path)) ?? [] { _ = unsafe unlink("\(path)/\(name)") }
        _ = unsafe rmdir(path)
    }
}
