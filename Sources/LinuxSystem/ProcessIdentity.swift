internal import Glibc

/// A process told from every other of this boot: its number and when it started; proc_pid_stat(5).
public struct ProcessIdentity: Hashable, Sendable {
    /// The process's number.
    public let pid: Int32
    /// Its start, in clock ticks since boot.
    public let startTicks: UInt64

    /// Its start in microseconds of CLOCK_BOOTTIME, rounded down to a tick.
    var startMicroseconds: Int64 {
        let ticksPerSecond = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return Int64(clamping: startTicks.multipliedReportingOverflow(by: 1_000_000 / ticksPerSecond).partialValue)
    }

    /// Puts together what was stored.
    public init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }

    /// Reads the start of the process that has this number now; nil where there is none, or it cannot be read.
    public init?(pid: Int32) {
        guard let found = try? Self.find(pid: pid) else { return nil }
        self = found
    }

    /// Reads the start of the process that has this number now.
    ///
    /// - Throws: ESRCH where there is none; another errno where nobody can tell.
    public static func find(pid: Int32) throws(Errno) -> ProcessIdentity {
        let text: String
        do throws(Errno) {
            text = try readTextFile("/proc/\(pid)/stat")
        } catch .noSuchFile {
            throw .noSuchProcess
        }
        // The command's name may hold spaces and brackets: fields are counted from the last closing one.
        guard let nameEnd = text.lastIndex(of: ")") else { throw .noSuchProcess }
        let fields = text[nameEnd...].split(separator: " ")
        guard fields.count > 20, let ticks = UInt64(fields[20]) else { throw .noSuchProcess }
        return ProcessIdentity(pid: pid, startTicks: ticks)
    }
}
