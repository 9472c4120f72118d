internal import Glibc

/// Tells systemd that this process is ready, and that it lives; sd_notify(3), sd_watchdog_enabled(3).
///
/// Without systemd every call does nothing. A call waits for 10 ms at most: a first process that is busy delays nobody.
public struct ServiceManager: Sendable {
    private let path: String?
    /// How often a sign of life should be given: a third of the time after which systemd ends a process that gives none;
    /// nil where it does not ask for any.
    public let signInterval: Duration?

    /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID of this process's environment.
    public init() { self.init(environment: Self.variable) }

    /// Reads the same of another one.
    init(environment: (String) -> String?) {
        path = environment("NOTIFY_SOCKET")
        // A child of the process that is meant has its environment, too.
        let isMeant = environment("WATCHDOG_PID").map { $0 == "\(getpid())" } ?? true
        let limit = environment("WATCHDOG_USEC").flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        signInterval = isMeant && path != nil ? limit.map { .microseconds($0 / 3) } : nil
    }

    private static func variable(_ name: String) -> String? {
        guard let value = unsafe getenv(name) else { return nil }
        return unsafe String(cString: value)
    }

    /// What is to be done at a start is done; `status` is shown by `systemctl status`.
    public func tellReady(status: String) { tell("READY=1\nSTATUS=\(status)") }

    /// Changes what `systemctl status` shows.
    public func tell(status: String) { tell("STATUS=\(status)") }

    /// Gives a sign of life.
    public func tellAlive() { tell("WATCHDOG=1") }

    private func tell(_ text: String) {
        guard let path, let socket = try? UnixSocket.connect(.datagram, to: path, timeout: .milliseconds(10)) else {
            return
        }
        _ = try? UnixSocket.send(Array(text.utf8), on: socket)
    }
}
