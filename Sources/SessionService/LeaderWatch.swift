internal import Leasing
internal import LinuxSystem
internal import Synchronization

/// Waits for the end of one leader's process, by its pidfd.
final class LeaderWatch: Sendable {
    /// Which process it is, for the store.
    let leader: Leader
    private let watch: EventLoop.Watch

    /// Takes over the process and calls `onEnd` on the loop, once, when it has ended or at once where it has already.
    init(
        _ process: consuming PidDescriptor, leader: Leader, loop: EventLoop, onEnd: @escaping @Sendable () -> Void
    ) {
        let held = Held(process)
        self.leader = leader
        self.watch = loop.watch(held.process.descriptor, for: .reading) {
            // Level-triggered: cancel after the first event.
            held.watch.withLock { $0 }?.cancel()
            onEnd()
        } ended: {
            held.watch.withLock { $0 = nil }
        }
        held.watch.withLock { [watch] in $0 = watch }
    }

    deinit { watch.cancel() }

    /// Stops waiting, and lets go of the process.
    func cancel() { watch.cancel() }

    /// Keeps the descriptor open for the loop, until it has let go of it.
    private final class Held: Sendable {
        let process: PidDescriptor
        let watch = Mutex<EventLoop.Watch?>(nil)
        init(_ process: consuming PidDescriptor) { self.process = process }
    }
}
