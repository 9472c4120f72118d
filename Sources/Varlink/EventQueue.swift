public import Dispatch

/// A serial Dispatch queue that actors and tasks run on as well.
///
/// What a socket brings and what an actor does with it then follow each other on one thread: on a small machine the
/// wake-ups that a change of thread costs are most of a round trip. Whatever blocks must not run here.
public final class EventQueue: SerialExecutor, TaskExecutor {
    /// The queue, for Dispatch sources.
    public let dispatchQueue: DispatchQueue

    /// Makes a queue of that name.
    public init(label: String) {
        dispatchQueue = DispatchQueue(label: label, qos: .userInitiated)
    }

    /// Runs a job of an actor or a task after all that waits already.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        dispatchQueue.async { [self] in
            unsafe job.runSynchronously(
                isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
        }
    }

    /// For an actor that lives here.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
}
