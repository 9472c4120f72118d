internal import Glibc
internal import LinuxSystem

/// The real OpenSSH server, on port 22 of the lab's host, as a child of the lab.
public final class SSHServer {
    /// Where its own output goes; what it logs goes to ``LabPaths/systemLog``.
    public static let log = "\(LabPaths.log)/sshd.log"

    private let children: Children
    private var process: Int32?

    init(children: Children) { self.children = children }

    /// Where the server is, installed or unpacked for the tests; nil where there is none.
    public static var program: String? {
        let places = ["/usr/sbin/sshd", "/usr/local/sbin/sshd", "\(LabPaths.unpacked)/usr/sbin/sshd"]
        return places.first { unsafe access($0, X_OK) == 0 }
    }

    /// The server's process; nil where it does not run.
    public var pid: Int32? { process.flatMap { children.ending(of: $0) == nil ? $0 : nil } }

    /// Starts it and waits, 10 s at most, until it takes connections.
    ///
    /// - Throws: what failed, with what it wrote.
    public func start() throws(LabError) {
        guard let program = Self.program else { throw LabError("cannot start sshd: there is none on this machine") }
        let log = try attempt("open '\(Self.log)'") { () throws(Errno) in
            try OwnedDescriptor.open(Self.log, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
        }
        let raw = log.withRaw { $0 }
        let pid = try children.start(Children.Command([program, "-D"], descriptors: (-1, raw, raw), detached: true))
        process = pid
        for _ in 0..<2000 {
            if Self.isListening { return }
            if children.wait(pid, upTo: .milliseconds(5)) != nil { break }
        }
        throw LabError("cannot start sshd: it does not serve: \((try? readTextFile(Self.log)) ?? "")")
    }

    /// Kills it, and not the logins that it has; nothing to do where it does not run.
    public func kill() {
        guard let process else { return }
        Glibc.kill(process, SIGKILL)
        _ = children.wait(process, upTo: .seconds(10))
        self.process = nil
    }

    static func configuration(hostKey: String) -> String {
        let places = [
            "/usr/lib/openssh", "/usr/libexec/openssh", "/usr/lib/ssh", "\(LabPaths.unpacked)/usr/lib/openssh",
        ]
        let files = places.map { "\($0)/sftp-server" }
        return """
            HostKey \(hostKey)
            AuthenticationMethods publickey
            UsePAM yes
            PrintMotd no
            PrintLastLog no
            PidFile none
            MaxStartups 100
            MaxSessions 100
            X11Forwarding yes
            Subsystem sftp \(files.first { unsafe access($0, X_OK) == 0 } ?? "internal-sftp")

            """
    }

    /// Without connecting, which sshd would log: /proc/net/tcp, a listener (0A) on port 22.
    private static var isListening: Bool {
        let rows = ((try? readTextFile("/proc/net/tcp")) ?? "").split(separator: "\n")
        return rows.contains { $0.contains(":0016 00000000:0000 0A ") }
    }
}
