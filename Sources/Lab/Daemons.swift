internal import Glibc
internal import LinuxSystem

/// The two daemons of a lab, each started, killed and started again apart from the other.
public final class Daemons {
    /// Which daemon.
    public enum Daemon: String, CaseIterable, Sendable {
        /// `vipns-helper`, as root.
        case helper
        /// `vipnsd`, as a user without name, group or capability.
        case service

        /// Where its output goes.
        public var log: String { "\(LabPaths.log)/\(rawValue).log" }
    }

    /// The user and group of the service: a number that needs no account.
    public static let serviceUser: UInt32 = 64742

    private let children: Children
    private var pids: [Daemon: Int32] = [:]

    init(children: Children) { self.children = children }

    /// The process of a daemon; nil where it does not run.
    public func pid(of daemon: Daemon) -> Int32? {
        pids[daemon].flatMap { children.ending(of: $0) == nil ? $0 : nil }
    }

    /// Starts a daemon and waits, 10 s at most, until its socket takes connections.
    ///
    /// - Throws: what failed, with the last lines of both logs.
    public func start(_ daemon: Daemon) throws(LabError) {
        if let pid = pid(of: daemon) { throw LabError("cannot start the \(daemon): it runs as process \(pid)") }
        let log = try attempt("open '\(daemon.log)'") { () throws(Errno) in
            try OwnedDescriptor.open(daemon.log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
        }
        let raw = log.withRaw { $0 }
        // Of a predecessor that was killed: it would look like the new one's.
        if daemon == .helper { _ = unsafe unlink(LabPaths.helperSocket) }
        pids[daemon] = try children.start(
            Children.Command(
                Self.words(daemon), descriptors: (-1, raw, raw), identity: Self.identity(daemon), detached: true))
        try waitUntilReady(daemon)
    }

    /// Kills a daemon at once and waits until it is gone; nothing to do where it does not run.
    public func kill(_ daemon: Daemon) {
        guard let pid = pids[daemon] else { return }
        signal(daemon, SIGKILL)
        _ = children.wait(pid, upTo: .seconds(10))
        pids[daemon] = nil
    }

    /// Sends a signal, such as SIGSTOP, SIGCONT or SIGHUP; nothing to do where the daemon does not run.
    ///
    /// - Returns: whether it runs.
    @discardableResult
    public func signal(_ daemon: Daemon, _ signal: Int32) -> Bool {
        guard let pid = pid(of: daemon) else { return false }
        return Glibc.kill(pid, signal) == 0
    }

    /// The last lines of both logs.
    public func logs(lines: Int = 20) -> String {
        Daemon.allCases.map { daemon in
            let text = (try? readTextFile(daemon.log)) ?? ""
            let tail = text.split(separator: "\n").suffix(lines).map { "  \($0)\n" }.joined()
            return "\(daemon.log):\n\(tail)"
        }.joined()
    }

    /// Descriptors that a daemon has open, and those of them that hold a session's network namespace.
    public func descriptors(of daemon: Daemon) -> (all: Int, namespaces: Int) {
        pid(of: daemon).map { ProcessScan(pid: $0).descriptors() } ?? (0, 0)
    }

    private static func words(_ daemon: Daemon) -> [String] {
        switch daemon {
        case .helper:
            [
                "\(LabPaths.programs)/vipns-helper", "--service-user", "\(serviceUser)", "--config",
                LabPaths.configuration,
            ]
        case .service:
            ["\(LabPaths.programs)/vipnsd", "--config", LabPaths.configuration, "--state", LabPaths.state]
        }
    }

    private static func identity(_ daemon: Daemon) -> ChildProcess.Identity? {
        daemon == .helper ? nil : ChildProcess.Identity(uid: serviceUser, gid: serviceUser)
    }

    private func waitUntilReady(_ daemon: Daemon) throws(LabError) {
        let deadline = SystemClock.bootTimeMicroseconds() + 10_000_000
        while SystemClock.bootTimeMicroseconds() < deadline {
            if Self.isReady(daemon) { return }
            guard let pid = pid(of: daemon) else {
                throw LabError("cannot start the \(daemon): it ended\n\(logs())")
            }
            _ = children.wait(pid, upTo: .milliseconds(5))
        }
        throw LabError("cannot start the \(daemon): its socket takes no connection after 10 s\n\(logs())")
    }

    private static func isReady(_ daemon: Daemon) -> Bool {
        switch daemon {
        case .helper:
            // Not by connecting: the helper serves one peer, and that is to be the service.
            return unsafe access(LabPaths.helperSocket, F_OK) == 0
        case .service:
            guard let socket = try? UnixSocket.connect(.stream, to: LabPaths.clientSocket, timeout: .seconds(1)) else {
                return false
            }
            return socket.withRaw { $0 >= 0 }
        }
    }
}
