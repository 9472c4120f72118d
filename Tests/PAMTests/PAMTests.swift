import Dispatch
import Glibc
import LinuxSystem
import Testing

/// The module as it is installed, loaded by libpam into a program, against a service that does what a test says.
@Suite(.enabled(if: Built.isThere, "needs root and the release build (make build)"))
struct PAMTests {}

/// What was built: the module by the release build, the program beside the tests.
enum Built {
    static let module =
        #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        + "/.build/release/libpam_vipns.so"

    static let caller: String = {
        // swift-testing runs in the test bundle itself, or in a runner of the toolchain that is told where the bundle is.
        let candidates = [readSymbolicLink("/proc/self/exe") ?? ""] + CommandLine.arguments
        let paths = candidates.map { $0.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/PAMCaller" }
        return paths.first { unsafe access($0, X_OK) == 0 } ?? "PAMCaller"
    }()

    /// Continuous integration must not pass without it.
    static let isThere: Bool = {
        if unsafe getenv("VIPNS_REQUIRE_ROOT") != nil { return true }
        return unsafe access(module, R_OK) == 0 && geteuid() == 0
    }()
}

/// Runs what blocks on a thread that no task needs.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}

/// Runs `body` with a service and a place to log in at.
func withService(
    arguments: String = "", _ script: [String: ScriptedService.Answer],
    _ body: (Home, ScriptedService) async throws -> Void
) async throws {
    let home = try Home(arguments)
    let service = try ScriptedService(at: home.socket, script)
    defer { service.stop() }
    try await body(home, service)
}

/// Answers of a well-behaved service.
enum Good {
    static let session = #""session":{"id":"k7f3q2m4","pool":"lab","address":"192.0.2.10"}"#
    static let granted = ScriptedService.Answer.frame(
        #"{"parameters":{"outcome":"granted",\#(session),"namespace":0}}"#, [.session])
    static let isolated = ScriptedService.Answer.frame(
        #"{"parameters":{"outcome":"isolated","session":{"id":"k7f3q2m4","pool":"lab","address":null},"#
            + #""namespace":0,"message":"No virtual IP address."}}"#, [.session])
    static let exhausted = ScriptedService.Answer.frame(
        #"{"error":"io.vipns.PoolExhausted","parameters":{"pool":"lab","message":"No address, sorry."}}"#)
}
