import Dispatch
import Glibc
import LinuxSystem

/// The interpreter that has the modules `varlink` and `asyncvarlink`, and how a script is run with it.
enum Python {
    /// VIPNS_TEST_PYTHON, else the virtual environment at the package's root.
    static let path: String = {
        if let named = unsafe getenv("VIPNS_TEST_PYTHON") { return unsafe String(cString: named) }
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        return root.joined(separator: "/") + "/.build-python/bin/python"
    }()

    /// A test is skipped without it, but not where somebody named one.
    static let isAvailable = unsafe getenv("VIPNS_TEST_PYTHON") != nil || access(path, X_OK) == 0

    /// Runs a script to its end; gives the status and what it printed, standard error included.
    static func run(_ script: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
        // Not on a thread that tasks need.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try runBlocking(script, arguments) })
            }
        }
    }

    private static func runBlocking(
        _ script: String, _ arguments: [String]
    ) throws -> (status: Int32, output: String) {
        let pair = try UnixSocket.pair(.stream)
        let raw = pair.second.withRaw { $0 }
        let child = try ChildProcess(path, arguments: ["-c", script] + arguments, output: raw, error: raw)
        let ended = try child.wait()
        // The child is gone with its copy; what it wrote can be read up to here.
        shutdown(raw, Int32(SHUT_WR))
        let output = try pair.first.readAll(limit: 1 << 20)
        return (ended.shellStatus, String(decoding: output, as: UTF8.self))
    }
}
