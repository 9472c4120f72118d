import Dispatch

/// Runs a task on a queue of its own, where it may block.
final class BlockingExecutor: TaskExecutor {
    private let queue = DispatchQueue(label: "vipns.test")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in unsafe job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
}
