internal import LinuxSystem
internal import Synchronization

/// Lets users take turns: of each a few calls are begun, then the loop looks after everybody else.
///
/// One thread does everything. Without turns a user with as many connections as a user may have, and as many calls on each
/// as may wait, would have thousands of calls answered before anybody else is even noticed.
final class CallTurns: Sendable {
    private struct State {
        /// How many calls of each user were begun in this round.
        var begun: [UInt32: Int] = [:]
        /// Who waits for the next one, in the order of coming.
        var waiting: [UInt32: [CheckedContinuation<Void, Never>]] = [:]
        var isRoundComing = false
    }

    private let perRound: Int
    private let loop: EventLoop
    private let state = Mutex(State())

    /// Begins `perRound` calls of each user in a round.
    init(perRound: Int, loop: EventLoop) {
        self.perRound = max(1, perRound)
        self.loop = loop
    }

    /// Waits until a call of that user may be begun; root's always may.
    func next(of uid: UInt32) async {
        guard uid != 0, !begin(uid, nil) else { return }
        await withCheckedContinuation { continuation in
            if begin(uid, continuation) { continuation.resume() }
        }
    }

    /// - Returns: whether it begins now; else who is given waits.
    private func begin(_ uid: UInt32, _ waiter: CheckedContinuation<Void, Never>?) -> Bool {
        let (begins, isFirst) = state.withLock { state -> (Bool, Bool) in
            let begun = state.begun[uid, default: 0]
            // Nobody overtakes those who wait.
            let begins = begun < perRound && state.waiting[uid] == nil
            if begins {
                state.begun[uid] = begun + 1
            } else if let waiter {
                state.waiting[uid, default: []].append(waiter)
            }
            defer { state.isRoundComing = true }
            return (begins, !state.isRoundComing)
        }
        if isFirst { loop.perform { [self] in nextRound() } }
        return begins
    }

    /// Comes after the loop has looked at all descriptors once.
    private func nextRound() {
        let (ready, goesOn) = state.withLock { state -> ([CheckedContinuation<Void, Never>], Bool) in
            state.begun = [:]
            var ready: [CheckedContinuation<Void, Never>] = []
            for (uid, waiting) in state.waiting {
                ready += waiting.prefix(perRound)
                state.begun[uid] = min(perRound, waiting.count)
                state.waiting[uid] = waiting.count > perRound ? Array(waiting.dropFirst(perRound)) : nil
            }
            state.isRoundComing = !ready.isEmpty
            return (ready, !ready.isEmpty)
        }
        for waiter in ready { waiter.resume() }
        if goesOn { loop.perform { [self] in nextRound() } }
    }
}
