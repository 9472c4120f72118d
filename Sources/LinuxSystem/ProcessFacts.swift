/// Where a process comes from and whose it is; proc_pid_status(5).
public struct ProcessFacts: Hashable, Sendable {
    /// The process, and when it started.
    public let identity: ProcessIdentity
    /// The process that started it, or that has taken it over; 0 where that is in another pid namespace.
    public let parent: Int32
    /// Who started it: the real user.
    public let uid: UInt32

    /// Reads what is told of the process that has this number now; nil where there is none.
    public init?(pid: Int32) {
        guard let identity = ProcessIdentity(pid: pid), let text = try? readTextFile("/proc/\(pid)/status") else {
            return nil
        }
        func number(_ name: String) -> UInt32? {
            let line = text.split(separator: "\n").first { $0.hasPrefix("\(name):") }
            return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { UInt32($0) }
        }
        guard let parent = number("PPid"), let uid = number("Uid") else { return nil }
        self.identity = identity
        self.parent = Int32(clamping: parent)
        self.uid = uid
    }
}

/// What a process's program is called, cut to 15 octets; proc_pid_comm(5).
///
/// Anybody may read that, where /proc is not hidden. Nil where the process has gone.
public func programName(ofProcess pid: Int32) -> String? {
    (try? readTextFile("/proc/\(pid)/comm")).map { String($0.prefix { !$0.isNewline }) }
}
