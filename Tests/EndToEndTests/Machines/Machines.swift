import Glibc
import Testing

/// Whole virtual machines with Debian's own kernels and systemd; VIPNS_MACHINES names the systems (`make machine`).
@Suite(
    .serialized, .enabled(if: geteuid() == 0, "needs root"),
    .enabled(if: !MachineSystem.chosen.isEmpty, "run by make machine, make test and make test-machines"))
struct Machines {}

/// Runs a test's body where it may block.
func onMachine(_ body: @Sendable () throws -> Void) async {
    await withTaskExecutorPreference(BlockingExecutor()) {
        do {
            try body()
        } catch is ExpectationFailedError {
            // Recorded where it happened.
        } catch {
            Issue.record("\(error)")
        }
    }
}
