internal import CPAM

/// The moment by which a call must be over, on a clock that nobody sets; clock_gettime(2), CLOCK_MONOTONIC.
struct Deadline {
    private let nanoseconds: Int64

    /// So many milliseconds from now.
    init(milliseconds: Int64) {
        nanoseconds = Self.now &+ milliseconds &* 1_000_000
    }

    /// What is left, rounded up; 0 when it is over.
    var remainingMilliseconds: Int {
        let left = nanoseconds &- Self.now
        return left <= 0 ? 0 : Int(truncatingIfNeeded: (left &+ 999_999) / 1_000_000)
    }

    private static var now: Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(truncatingIfNeeded: time.tv_sec) &* 1_000_000_000 &+ Int64(truncatingIfNeeded: time.tv_nsec)
    }
}
