import ClientAPI
import LinuxSystem
import Synchronization

/// Closes sessions side by side, and tells of each as it is done.
///
/// Most of a close is waiting for the kernel's word.
final class Closing: Sendable {
    /// How many are under way: the helper works through requests one by one, and logins wait behind them.
    private static let most = 16

    private struct State {
        var begun = 0
        var done = 0
        var closed: [Int: Session] = [:]
        var failures: [CommandFailure] = []
        var error: (any Error)?
    }

    private let names: [String]
    private let socket: String
    private let leftovers: Session.Leftovers?
    private let areAll: Bool
    private let isQuiet: Bool
    private let progress: Progress
    private let state = Mutex(State())

    /// Names the sessions; with `areAll` one that has gone meanwhile is no failure, with `isQuiet` only failures are told.
    init(_ names: [String], socket: String, leftovers: Session.Leftovers?, areAll: Bool, isQuiet: Bool) {
        self.names = names
        self.socket = socket
        self.leftovers = leftovers
        self.areAll = areAll
        self.isQuiet = isQuiet
        progress = Progress(of: names.count)
    }

    /// Closes them all; gives the sessions in the order of their names, and what failed.
    ///
    /// - Throws: what makes it no use to go on.
    func run() throws -> (closed: [Session], failures: [CommandFailure]) {
        if names.isEmpty { return ([], []) }
        progress.show("closed", 0)
        onThreads(min(names.count, Self.most)) { [self] in
            while let index = next() { finish(index, Result { try close(names[index]) }) }
        }
        return try state.withLock { state in
            progress.clear()
            if let error = state.error { throw error }
            return (state.closed.sorted { $0.key < $1.key }.map(\.value), state.failures)
        }
    }

    private func next() -> Int? {
        state.withLock { state in
            guard state.error == nil, state.begun < names.count else { return nil }
            defer { state.begun += 1 }
            return state.begun
        }
    }

    /// Closes one, and counts the processes that it waits for; nil where it waits for none, or is gone by now.
    ///
    /// A connection each: after a failure the old one may be of no use.
    private func close(_ name: String) throws -> (session: Session, members: Int?) {
        let client = try VipnsClient(path: socket, timeout: .seconds(30))
        let session = try client.close(session: name, leftovers: leftovers)
        guard session.state == .lingering else { return (session, nil) }
        return (session, try? client.show(session: session.id).members.count)
    }

    /// Tells what came of one; under the lock, so that lines stay whole.
    private func finish(_ index: Int, _ result: Result<(session: Session, members: Int?), any Error>) {
        state.withLock { state in
            progress.clear()
            state.done += 1
            switch result {
            case .success(let (session, members)):
                state.closed[index] = session
                if !isQuiet { StandardOutput.write(CloseCommand.text(session, members: members) + "\n") }
            case .failure(let error):
                take(error, &state)
            }
            if state.done < names.count { progress.show("closed", state.done) }
        }
    }

    private func take(_ error: any Error, _ state: inout State) {
        // A session that ended by itself in the meantime is what --all wants.
        if areAll, case .sessionNotFound? = error as? ServiceError { return }
        guard error is ServiceError, let failure = CommandFailure(error) else {
            state.error = state.error ?? error
            return
        }
        failure.report()
        state.failures.append(failure)
    }
}
