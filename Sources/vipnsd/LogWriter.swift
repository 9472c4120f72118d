import Dispatch
import Glibc
import Synchronization

/// Writes lines to standard error on a queue of its own: a journal that does not read must not stop a login.
///
/// What waits too long is dropped, and counted in the log itself.
final class LogWriter: Sendable {
    static let shared = LogWriter()

    private struct State {
        var waiting = 0
        var dropped = 0
    }

    private static let most = 10_000
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "vipns.log", qos: .utility)

    func write(_ line: String) {
        let isTaken = state.withLock { state in
            guard state.waiting < Self.most else {
                state.dropped += 1
                return false
            }
            state.waiting += 1
            return true
        }
        guard isTaken else { return }
        queue.async { [self] in
            let dropped = state.withLock { state in
                state.waiting -= 1
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 { put("vipnsd: warning: \(dropped) lines of the log were dropped\n") }
            put(line)
        }
    }

    /// Waits until all that was written is out; for the end of the program.
    func flush() { queue.sync {} }

    private func put(_ line: String) {
        let octets = Array(line.utf8)
        // One write a line, so that a line stays whole.
        _ = unsafe Glibc.write(2, octets, octets.count)
    }
}
