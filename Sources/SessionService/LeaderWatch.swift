internal import Dispatch
internal import Leasing
internal import LinuxSystem

/// Waits for the end of one leader's process, by its pidfd.
final class LeaderWatch: Sendable {
    /// Which process it is, for the store.
    let leader: Leader
    private let process: PidDescriptor
    // Sound: Dispatch's own objects may be used from any thread; only their Swift protocol does not say so.
    private nonisolated(unsafe) let source: any DispatchSourceRead

    /// Takes over the process and calls `onEnd` on `queue` once, when it has ended or at once where it has already.
    init(
        _ process: consuming PidDescriptor, leader: Leader, queue: DispatchQueue,
        onEnd: @escaping @Sendable () -> Void
    ) {
        let raw = process.descriptor.withRaw { $0 }
        self.leader = leader
        self.process = process
        let source = DispatchSource.makeReadSource(fileDescriptor: raw, queue: queue)
        unsafe self.source = source
        source.setEventHandler {
            source.cancel()
            onEnd()
        }
        // Holds the descriptor open until Dispatch has let go of it, and breaks the circle of closures then.
        source.setCancelHandler { [self] in
            source.setEventHandler {}
            extendLifetime(self)
        }
        source.activate()
    }

    /// Stops waiting.
    func cancel() { unsafe source.cancel() }
}
