internal import CLinux
internal import Glibc
internal import Synchronization

/// One thread that waits for descriptors and runs what follows from them: an executor for actors and tasks; epoll(7).
///
/// What a socket brings and what an actor does with it follow each other without a change of thread. On a small machine
/// the wake-ups of a thread pool cost more than the work. Whatever blocks must not run here.
public final class EventLoop: SerialExecutor, TaskExecutor {
    private let core: EventLoopCore

    /// Starts the thread; it ends when the loop is no longer referred to.
    ///
    /// - Throws: the errno where there are no descriptors, no memory or no thread for it.
    public init() throws(Errno) {
        core = try EventLoopCore()
        try core.start { [weak self] in self }
    }

    deinit { core.stop() }

    /// Runs a job of an actor or a task after all that waits already.
    public func enqueue(_ job: consuming ExecutorJob) { core.add(.job(UnownedJob(job))) }

    /// For an actor that lives here.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

    /// Runs `body` here, once `delay` has passed.
    public func perform(after delay: Duration = .zero, _ body: @escaping @Sendable () -> Void) {
        if delay <= .zero { core.add(.closure(body)) } else { core.add(after: delay, body) }
    }

    /// Waits, as `Task.sleep` does, but by this loop; shorter where the task is cancelled.
    ///
    /// Dispatch, by which `Task.sleep` waits, says nothing where the kernel gives it no timer once, and waits for ever
    /// from then on.
    public func sleep(for delay: Duration) async {
        let sleeper = Sleeper()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                sleeper.begin(continuation)
                perform(after: delay) { sleeper.end() }
            }
        } onCancel: {
            sleeper.end()
        }
    }

    /// Who waits, until its time has come or its task is cancelled: whichever is first, and that may be at once.
    private final class Sleeper: Sendable {
        private enum State {
            case awake, ended
            case asleep(CheckedContinuation<Void, Never>)
        }

        private let state = Mutex(State.awake)

        func begin(_ continuation: CheckedContinuation<Void, Never>) {
            let isOver = state.withLock { state -> Bool in
                if case .ended = state { return true }
                state = .asleep(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }

        func end() {
            let former = state.withLock { state in
                defer { state = .ended }
                return state
            }
            if case .asleep(let continuation) = former { continuation.resume() }
        }
    }

    /// What a watch waits for.
    public enum Direction: Sendable {
        /// Octets, a connection, an end.
        case reading
        /// Room for octets.
        case writing
    }

    /// Calls `ready` here for as long as the descriptor is readable or writable, until the watch is cancelled.
    ///
    /// The descriptor must stay open until `ended` was called, here, once.
    public func watch(
        _ descriptor: borrowing OwnedDescriptor, for direction: Direction, ready: @escaping @Sendable () -> Void,
        ended: @escaping @Sendable () -> Void
    ) -> Watch {
        // epoll takes a descriptor once: who waits to read and to write waits at two.
        let second = direction == .writing ? try? descriptor.duplicate() : nil
        let raw = descriptor.withRaw { $0 }
        let watch = Watch(core, raw: raw, second: second, direction: direction, ready: ready, ended: ended)
        core.begin(watch)
        return watch
    }

    /// One descriptor being watched.
    public final class Watch: Sendable {
        let number: UInt64
        let raw: Int32
        private let second: OwnedDescriptor?
        let direction: Direction
        let ready: @Sendable () -> Void
        let ended: @Sendable () -> Void
        private let core: EventLoopCore
        private let state = Atomic<UInt8>(0)

        fileprivate init(
            _ core: EventLoopCore, raw: Int32, second: consuming OwnedDescriptor?, direction: Direction,
            ready: @escaping @Sendable () -> Void,
            ended: @escaping @Sendable () -> Void
        ) {
            self.core = core
            self.number = core.nextNumber()
            // Without a second descriptor it must not touch what waits at the first: -1 is refused until the end.
            self.raw = second?.withRaw { $0 } ?? (direction == .writing ? -1 : raw)
            self.second = second
            self.direction = direction
            self.ready = ready
            self.ended = ended
        }

        /// Whether ``cancel()`` was called.
        var isCancelled: Bool { state.load(ordering: .acquiring) != 0 }

        /// Stops watching for good; `ended` is called soon.
        public func cancel() {
            guard state.exchange(1, ordering: .acquiringAndReleasing) == 0 else { return }
            core.add(.closure { [self] in core.end(self) })
        }

        /// Stops watching for `pause`.
        public func suspend(for pause: Duration) {
            core.add(.closure { [self] in core.pause(self) })
            core.add(after: pause) { [self] in if !isCancelled { core.begin(self) } }
        }
    }
}
