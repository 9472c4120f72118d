import Dispatch
import Glibc
import LinuxSystem
import Logging
import Synchronization

/// Writes the log on a thread of its own: a journal that does not read must not stop a login.
///
/// The thread is there from the start. Where the machine has no more threads to give, Dispatch would keep the caller waiting.
///
/// Where standard error leads to the journal, entries go to that by its own socket; else, and where that fails, lines go
/// to standard error. What waits too long is dropped, and counted in the log itself.
final class LogWriter: Sendable {
    static let shared = LogWriter()

    private struct State {
        var waiting = 0
        var dropped = 0
    }

    private static let most = 10_000
    private let state = Mutex(State())
    private let journal = Mutex(JournalSocket())
    private let isJournal = isStandardErrorJournal()
    /// None where it could not be made: then whoever logs writes.
    private let thread = try? EventLoop()

    func write(_ entry: LogEntry) {
        guard let thread else { return put(entry) }
        let isTaken = state.withLock { state in
            guard state.waiting < Self.most else {
                state.dropped += 1
                return false
            }
            state.waiting += 1
            return true
        }
        guard isTaken else { return }
        thread.perform { [self] in
            let dropped = state.withLock { state in
                state.waiting -= 1
                defer { state.dropped = 0 }
                return state.dropped
            }
            if dropped > 0 {
                put(LogEntry(program: entry.program, level: .warning, message: "\(dropped) entries were dropped"))
            }
            put(entry)
        }
    }

    /// Waits until all that was written is out, for 2 s at most; for the end of the program.
    func flush() {
        let isOut = DispatchSemaphore(value: 0)
        guard let thread else { return }
        thread.perform { isOut.signal() }
        _ = isOut.wait(timeout: .now() + .seconds(2))
    }

    private func put(_ entry: LogEntry) {
        if isJournal, journal.withLock({ $0.send(entry) }) { return }
        // Without a priority of its own a line counts as information.
        let prefix = isJournal ? "<\(entry.priority)>" : ""
        let octets = Array("\(prefix)\(entry.program): \(entry.text)\n".utf8)
        // One write a line, so that a line stays whole.
        _ = unsafe Glibc.write(2, octets, octets.count)
    }
}
