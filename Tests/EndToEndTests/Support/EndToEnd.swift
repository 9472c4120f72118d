import Glibc
import LinuxSystem
import Testing

/// The built programs, used as users use them, each test in a lab of its own.
///
/// One after the other: a lab is a small machine, and several would compete for the processors and make times mean nothing.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root"))
struct EndToEnd {}

/// The same for what mostly waits for seconds to pass: beside the others, which it does not keep from anything.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root"))
struct EndToEndWaits {}

/// What keeps a run that is meant to be whole from skipping quietly.
struct RequirementTests {
    @Test(.enabled(if: Environment["VIPNS_REQUIRE_ROOT"] == "1", "VIPNS_REQUIRE_ROOT is not 1"))
    func `root is there where it is required`() {
        #expect(geteuid() == 0)
        #expect(Python.isAvailable, "Python with varlink and asyncvarlink is not at '\(Python.path)'")
    }
}

/// Runs `body` in a fresh lab and counts afterwards what is left of it: nothing.
///
/// `body` blocks, so it runs on a thread that no other task needs.
func inLab(
    _ options: String..., accounts: Bool = true, daemons: Bool = true, _ body: @Sendable (TestLab) throws -> Void
) async throws {
    try await inLab(options: options, accounts: accounts, daemons: daemons, body)
}

/// The same with the options in a list.
func inLab(
    options: [String], accounts: Bool = true, daemons: Bool = true, _ body: @Sendable (TestLab) throws -> Void
) async throws {
    try await withTaskExecutorPreference(BlockingExecutor()) {
        let lab = try TestLab(options, accounts: accounts, daemons: daemons)
        do {
            try body(lab)
        } catch is ExpectationFailedError {
            // Recorded where it happened.
        } catch {
            Issue.record("\(error)\n\((try? lab.obey("logs")) ?? "the lab is gone")")
        }
        lab.leave()
    }
}

/// What a test could not do.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The environment of the test run.
enum Environment {
    static subscript(name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }
}

/// Asks again and again until the answer is yes; no after `limit`, a promised time.
func eventually(within limit: Duration = .seconds(5), _ isSo: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + Dose.limit(limit)
    while ContinuousClock.now < deadline {
        if try isSo() { return true }
        usleep(10_000)
    }
    return try isSo()
}
