internal import Glibc

/// The time that this thread has worked during `body`, which does not leave it; clock_gettime(2), CLOCK_THREAD_CPUTIME_ID.
///
/// A busy machine keeps a thread waiting for seconds: that is not its own time.
public func processorTime(_ body: () throws -> Void) rethrows -> Duration {
    func now() -> Duration {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
    let start = now()
    try body()
    return now() - start
}
