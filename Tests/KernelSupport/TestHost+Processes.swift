internal import Glibc
public import LinuxSystem
internal import SessionNetwork

extension TestHost {
    /// Starts a program in a session and gives its pid; ``reap(_:)`` it.
    public func start(in opened: Opened, _ program: String, _ arguments: String...) throws -> Int32 {
        try join(opened).run { () throws(Errno) in try ChildProcess(program, arguments: arguments).pid }
    }

    /// The session's namespace, to run something in it.
    public func join(_ opened: Opened) throws -> NetworkNamespace {
        try NetworkNamespace(received: try networks.join(opened.session))
    }

    /// Whether the process is there and no zombie.
    public func isRunning(_ pid: Int32) -> Bool {
        guard let text = try? readTextFile("/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return false }
        return text[end...].split(separator: " ").dropFirst().first != "Z"
    }

    /// Waits for a child to end.
    public func reap(_ pid: Int32) throws {
        try checked { waitpid(pid, nil, 0) }
    }

    /// Kills a child and waits for its end.
    public func end(_ pid: Int32) throws {
        try checked { kill(pid, SIGKILL) }
        try reap(pid)
    }
}
