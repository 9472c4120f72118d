import Glibc
import LinuxSystem
import Testing

/// One run of the built `vipns-lab`, with what it wrote; always waited for, at most 30 s.
struct LabProgram {
    /// What a shell would report; 124 where it had to be killed.
    let status: Int32
    /// Output and errors.
    let text: String

    /// Beside the test bundle, which the runner names among its arguments.
    static let path: String = {
        let candidates = [readSymbolicLink("/proc/self/exe") ?? ""] + CommandLine.arguments
        let paths = candidates.map { $0.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/vipns-lab" }
        return paths.first { unsafe access($0, X_OK) == 0 } ?? "vipns-lab"
    }()

    /// Runs it to its end; `signal` is sent to it, and to nobody else, after `milliseconds`.
    init(
        _ arguments: [String], signal: (number: Int32, milliseconds: UInt32)? = nil,
        identity: ChildProcess.Identity? = nil
    ) throws {
        let path = "/tmp/vipns-lab-test-\(UInt64.random(in: 0 ... .max))"
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        _ = unsafe unlink(path)
        let raw = file.withRaw { $0 }
        let child = try ChildProcess(
            Self.path, arguments: arguments, output: raw, error: raw, identity: identity, options: .detached)
        let process = try PidDescriptor(pid: child.pid)
        if let signal {
            usleep(signal.milliseconds * 1000)
            try? process.signal(signal.number)
        }
        let hasEnded = process.descriptor.isReadable(within: 30_000)
        if !hasEnded { try? process.signal(SIGKILL) }
        let status = try child.wait().shellStatus
        self.status = hasEnded ? status : 124
        lseek(raw, 0, SEEK_SET)
        text = String(decoding: try file.readAll(limit: 1 << 20), as: UTF8.self)
    }

    /// Runs a shell script on the host of a fresh lab, without daemons.
    static func script(_ script: String) throws -> LabProgram {
        try LabProgram(["run", "--no-daemons", "--limit", "20", "--", "sh", "-euc", script])
    }
}

extension Trait where Self == ConditionTrait {
    /// Skips without root, unless `VIPNS_REQUIRE_ROOT` says that everything must run.
    static var needsRoot: Self {
        .enabled(if: unsafe geteuid() == 0 || getenv("VIPNS_REQUIRE_ROOT") != nil, "needs root")
    }
}
