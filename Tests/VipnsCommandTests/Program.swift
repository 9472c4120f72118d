import Dispatch
import Glibc
import LinuxSystem

/// The built program, run as a user would.
enum Program {
    /// Where the tests were built to, beside the program.
    static let folder: String = {
        guard let own = unsafe realpath("/proc/self/exe", nil) else { return "." }
        defer { unsafe free(own) }
        return unsafe String(String(cString: own).split(separator: "/").dropLast().joined(separator: "/"))
    }()
    static let path = "/\(folder)/vipns"

    /// What a run left behind.
    struct Ending: Sendable {
        let status: CInt
        let output: String
        let error: String
        let pid: Int32
    }

    /// Runs it to its end, on a thread that no task needs.
    static func run(
        _ arguments: String..., program: String = path, environment: [String: String] = [:],
        identity: ChildProcess.Identity? = nil
    ) async throws -> Ending {
        try await run(list: arguments, program: program, environment: environment, identity: identity)
    }

    /// The same with the arguments in a list.
    static func run(
        list arguments: [String], program: String = path, environment: [String: String] = [:],
        identity: ChildProcess.Identity? = nil
    ) async throws -> Ending {
        let variables = ["PATH": "/usr/bin:/bin"].merging(environment) { $1 }.map { "\($0)=\($1)" }
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { try runBlocking(program, arguments, variables, identity) })
            }
        }
    }

    private static func runBlocking(
        _ program: String, _ arguments: [String], _ variables: [String], _ identity: ChildProcess.Identity?
    ) throws -> Ending {
        let name = temporaryName()
        defer { for stream in ["out", "err"] { unsafe unlink("\(name).\(stream)") } }
        let output = try OwnedDescriptor.open("\(name).out", O_RDWR | O_CREAT, mode: 0o600)
        let error = try OwnedDescriptor.open("\(name).err", O_RDWR | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            program, arguments: arguments, environment: variables, output: output.withRaw { $0 },
            error: error.withRaw { $0 }, identity: identity)
        let pid = child.pid
        let ending = try child.wait()
        return Ending(
            status: ending.shellStatus, output: try readTextFile("\(name).out"),
            error: try readTextFile("\(name).err"), pid: pid)
    }
}

/// A path that nothing has yet.
func temporaryName() -> String { "/tmp/vipns-command-test.\(getpid()).\(UInt32.random(in: 0 ... .max))" }

/// Whether what needs root can run.
let isRoot = geteuid() == 0
