import CLinux
import Glibc
import HelperChannel
import LinuxSystem
import SessionNetwork
import Synchronization

/// Searches for holders, one at a time on a thread beside the loop: nobody else waits for them.
///
/// A search can hang in the close of somebody's socket (see HolderSearch): then later ones wait, and nothing else.
final class HolderSearches: Sendable {
    private struct Search {
        let sequence: UInt32
        /// Of the connection that asked: the next one's numbers are its own.
        let connection: Int
        let namespaces: [HelperRequest.Namespace]
    }

    private struct State {
        var waiting: [Search] = []
        var isRunning = false
        var connection = 0
        var done: [(sequence: UInt32, holders: [HelperAnswer.Holder])] = []
    }

    /// Readable when something is done.
    let wake: OwnedDescriptor
    private let state = Mutex(State())

    init() throws(Errno) { wake = OwnedDescriptor(adopting: try checked { vipns_eventfd() }) }

    /// Begins a search, or puts it behind those that were begun before.
    ///
    /// - Throws: EBUSY where too many wait.
    func begin(_ sequence: UInt32, _ namespaces: [HelperRequest.Namespace]) throws(Errno) {
        let isAccepted = state.withLock { state in
            guard state.waiting.count < 64 else { return false }
            state.waiting.append(
                Search(sequence: sequence, connection: state.connection, namespaces: namespaces))
            return true
        }
        guard isAccepted else { throw Errno(rawValue: EBUSY) }
        runNext()
    }

    /// What is done since the last call.
    func takeDone() -> [(sequence: UInt32, holders: [HelperAnswer.Holder])] {
        var count: UInt64 = 0
        _ = wake.withRaw { unsafe read($0, &count, 8) }
        let done = state.withLock { state in
            defer { state.done = [] }
            return state.done
        }
        runNext()
        return done
    }

    /// The service that asked has gone.
    func forget() {
        state.withLock { state in
            state.waiting = []
            state.done = []
            state.connection += 1
        }
    }

    private func runNext() {
        let next = state.withLock { state -> Search? in
            guard !state.isRunning, !state.waiting.isEmpty else { return nil }
            state.isRunning = true
            return state.waiting.removeFirst()
        }
        guard let next else { return }
        do throws(Errno) {
            try startThread { [self] in
                let wanted = next.namespaces.map {
                    HolderSearch.Namespace(number: Int32($0.number), cookie: $0.cookie, inode: $0.inode)
                }
                let outcome = HolderSearch.holders(of: wanted)
                // Else nobody found would be taken for nobody there.
                if outcome.hiddenCount > 0 {
                    log(
                        "warning: \(outcome.hiddenCount) processes could not be looked at for holders of ended sessions, "
                            + "continuing (CAP_SETUID and CAP_SYS_PTRACE are needed)")
                }
                finish(next, outcome.holders.map(HelperAnswer.Holder.init))
            }
        } catch {
            log("warning: cannot start a thread to look for holders: \(error), continuing")
            finish(next, [])
        }
    }

    private func finish(_ search: Search, _ holders: [HelperAnswer.Holder]) {
        state.withLock { state in
            if search.connection == state.connection { state.done.append((search.sequence, holders)) }
            state.isRunning = false
        }
        let one: UInt64 = 1
        _ = wake.withRaw { raw in unsafe withUnsafeBytes(of: one) { unsafe write(raw, $0.baseAddress, $0.count) } }
    }
}

extension HelperAnswer.Holder {
    fileprivate init(_ holder: HolderSearch.Holder) {
        let means: Means =
            switch holder.means {
            case .descriptor: .descriptor
            case .mount: .mount
            case .socket: .socket
            }
        self.init(number: UInt32(holder.number), pid: holder.pid, means: means, program: holder.program)
    }
}
