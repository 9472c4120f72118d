import CLinux
import Glibc
import LinuxSystem
import Testing

/// A folder with the module, a PAM configuration that names it, the service's socket and a log.
final class Home: Sendable {
    let folder: String
    /// Where the service is to listen.
    let socket: String
    private let log: OwnedDescriptor

    /// `arguments` are the module's; the socket's is added.
    init(_ arguments: String = "") throws {
        let folder = "/tmp/vipns-pam-\(getpid())-\(UInt64.random(in: .min ... .max))"
        self.folder = folder
        socket = "\(folder)/io.vipns"
        try checked { unsafe mkdir(folder, 0o700) }
        // libpam takes the name in front of each log line from the file's.
        try Self.copy(Built.module, to: "\(folder)/pam_vipns.so")
        let module = "\(folder)/pam_vipns.so socket=\(socket) \(arguments)"
        // Where the module says PAM_SUCCESS the account phase fails: it must only ever say PAM_IGNORE or object.
        let lines = [
            "account [success=bad ignore=ignore default=die] \(module)", "account required pam_permit.so",
            "session required \(module)", "auth required pam_permit.so", "password required pam_deny.so",
        ]
        try writeFile("\(folder)/other", "", flags: O_CREAT)
        try writeFile("\(folder)/login", lines.map { "\($0)\n" }.joined(), flags: O_CREAT)
        log = OwnedDescriptor(
            adopting: try checked { Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | O_CLOEXEC | O_NONBLOCK, 0) })
        let (raw, path) = (log.withRaw { $0 }, "\(folder)/log")
        try checked { unsafe vipns_unix_bind(raw, path) }
    }

    deinit {
        for name in ["pam_vipns.so", "login", "other", "io.vipns", "log", "output"] {
            _ = unsafe unlink("\(folder)/\(name)")
        }
        _ = unsafe rmdir(folder)
    }

    private static func copy(_ source: String, to target: String) throws {
        let octets = try readFile(source, limit: 16 << 20)
        let file = try OwnedDescriptor.open(target, O_WRONLY | O_CREAT, mode: 0o755)
        let raw = file.withRaw { $0 }
        let written = try checked { unsafe write(raw, octets, octets.count) }
        try #require(written == octets.count)
    }

    /// Runs the program with a log of its own, and without the machine's devices.
    func run(_ options: String...) async throws -> Run {
        try await blocking { try self.runBlocking(options) }
    }

    private func runBlocking(_ options: [String]) throws -> Run {
        let script = """
            mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3 && touch /dev/log && mount --bind "$0" /dev/log && exec "$@"
            """
        let output = try OwnedDescriptor.open("\(folder)/output", O_RDWR | O_CREAT | O_TRUNC, mode: 0o600)
        let raw = output.withRaw { $0 }
        let arguments =
            ["-m", "--", "sh", "-c", script, "\(folder)/log", Built.caller, "--folder=\(folder)"] + options
        let child = try ChildProcess("/usr/bin/unshare", arguments: arguments, output: raw, error: raw)
        // The log takes a few lines only before who writes them waits.
        var lines: [String] = []
        let process = try PidDescriptor(pid: child.pid)
        while !waitForLineOrEnd(of: process) { lines += self.lines() }
        lines += self.lines()
        let ending = try child.wait()
        lseek(raw, 0, SEEK_SET)
        let text = String(decoding: try output.readAll(limit: 1 << 24), as: UTF8.self)
        try #require(ending == .exited(0), "\(text)")
        return Run(output: text, log: lines)
    }

    /// Waits until there is something in the log, or the process has ended: then true.
    private func waitForLineOrEnd(of process: borrowing PidDescriptor) -> Bool {
        var entries = [process.descriptor.withRaw { $0 }, log.withRaw { $0 }].map { descriptor in
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        }
        _ = try? checked { unsafe poll(&entries, 2, -1) }
        return entries[0].revents != 0
    }

    /// What was logged since the last time, without time and program.
    private func lines() -> [String] {
        var lines: [String] = []
        while let message = try? UnixSocket.receive(limit: 4096, on: log) {
            let text = String(decoding: message.octets, as: UTF8.self)
            let priority = text.prefix { $0 != ">" }.dropFirst()
            // libpam's own modules say nothing in a session; what is there is ours.
            if let start = text.firstRange(of: "pam_vipns(") {
                lines.append("<\(priority)> \(text[start.lowerBound...])")
            } else {
                lines.append(text)
            }
        }
        return lines
    }
}
