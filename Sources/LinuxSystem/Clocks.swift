internal import Glibc

/// The clocks that vipns reads; clock_gettime(2).
public enum SystemClock {
    /// Microseconds since 1970 UTC; can be set, and then jumps.
    public static func realTimeMicroseconds() -> Int64 { read(CLOCK_REALTIME) }

    /// Microseconds since boot, sleep included; never jumps.
    public static func bootTimeMicroseconds() -> Int64 { read(CLOCK_BOOTTIME) }

    /// Microseconds since boot without the time in which the machine was suspended; never jumps.
    ///
    /// For how long somebody may take: nobody answers while the machine sleeps.
    public static func awakeMicroseconds() -> Int64 { read(CLOCK_MONOTONIC) }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// The running boot's own name; proc_sys_kernel(5), random/boot_id.
///
/// - Throws: the errno of reading it.
public func readBootID() throws(Errno) -> String {
    String(try readTextFile("/proc/sys/kernel/random/boot_id").prefix { !$0.isNewline })
}
