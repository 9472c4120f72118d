internal import Glibc
public import LinuxSystem

/// The processes that a lab's init started, and those that fell to it: it is process 1 and reaps them all.
///
/// For the one thread of that init; every wait is bounded by its caller.
public final class Children {
    private var endings: [Int32: ChildProcess.Ending] = [:]
    private var started: Set<Int32> = []

    init() {}

    /// What to start: a path, or a name that PATH is searched for.
    public struct Command {
        /// The program, then its arguments.
        public var words: [String]
        /// Descriptors for input, output and error; -1 is `/dev/null`.
        public var descriptors: (input: Int32, output: Int32, error: Int32)
        /// Who it runs as; nil for root.
        public var identity: ChildProcess.Identity?
        /// Whether it leaves our terminal, whose Ctrl-C then passes it by, as daemons do.
        public var detached: Bool

        /// A command with the caller's own descriptors.
        public init(
            _ words: [String], descriptors: (input: Int32, output: Int32, error: Int32) = (0, 1, 2),
            identity: ChildProcess.Identity? = nil, detached: Bool = false
        ) {
            self.words = words
            self.descriptors = descriptors
            self.identity = identity
            self.detached = detached
        }
    }

    /// Starts a command; it is killed with the lab.
    ///
    /// - Throws: what failed, a program that is not there above all.
    public func start(_ command: Command) throws(LabError) -> Int32 {
        guard let name = command.words.first, let program = Self.find(name) else {
            throw LabError("cannot start '\(command.words.first ?? "")': no such program in PATH")
        }
        let pid = try attempt("start '\(name)'") { () throws(Errno) in
            try ChildProcess(
                program, arguments: Array(command.words.dropFirst()), input: command.descriptors.input,
                output: command.descriptors.output, error: command.descriptors.error, identity: command.identity,
                options: command.detached ? [.dieWithParent, .detached] : .dieWithParent
            ).pid
        }
        started.insert(pid)
        endings[pid] = nil
        return pid
    }

    /// Waits for a child; nil where it still runs after `limit`.
    ///
    /// A nil limit waits for as long as it takes.
    public func wait(_ pid: Int32, upTo limit: Duration?) -> ChildProcess.Ending? {
        let deadline = limit.map { SystemClock.bootTimeMicroseconds() + Int64($0.microseconds) }
        while true {
            reap()
            if let ending = endings[pid] { return ending }
            let left = deadline.map { max(0, ($0 - SystemClock.bootTimeMicroseconds()) / 1000) }
            if left == 0 { return nil }
            // Orphans that fell to us meanwhile are reaped twice a second.
            guard let process = try? PidDescriptor(pid: pid) else { return endings[pid] }
            _ = process.descriptor.isReadable(within: Int32(min(left ?? 500, 500)))
        }
    }

    /// How a child ended; nil while it runs.
    public func ending(of pid: Int32) -> ChildProcess.Ending? {
        reap()
        return endings[pid]
    }

    /// Takes leave of every process that has ended.
    private func reap() {
        var status: Int32 = 0
        while true {
            let pid = unsafe waitpid(-1, &status, WNOHANG)
            guard pid > 0 else { return }
            if started.contains(pid) { endings[pid] = ChildProcess.Ending(waitStatus: status) }
        }
    }

    /// The path of a program; nil where there is none that may be run.
    static func find(_ name: String) -> String? {
        if name.contains("/") { return name }
        for directory in (environmentValue("PATH") ?? "").split(separator: ":") {
            let path = "\(directory)/\(name)"
            if unsafe access(path, X_OK) == 0 { return path }
        }
        return nil
    }
}

extension Children {
    /// What a command wrote, and how it ended.
    public struct Outcome: Hashable, Sendable {
        /// Its output and errors, as they came, without the last line's end.
        public let text: String
        /// What a shell would report; 124 where it was killed because its time was up.
        public let status: Int32
    }

    /// Runs a command to its end and keeps what it writes.
    ///
    /// - Throws: what failed before it ran.
    public func capture(
        _ words: [String], upTo limit: Duration = .seconds(10)
    ) throws(LabError) -> Outcome {
        let path = "\(LabPaths.log)/.output-\(getpid())-\(started.count)"
        let file = try attempt("make file '\(path)'") { () throws(Errno) in
            try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600)
        }
        // A file, not a pipe: what the command leaves running may keep it open and still cannot make us wait.
        _ = unsafe unlink(path)
        let raw = file.withRaw { $0 }
        let pid = try start(Command(words, descriptors: (-1, raw, raw)))
        let ending = wait(pid, upTo: limit)
        if ending == nil {
            kill(pid, SIGKILL)
            _ = wait(pid, upTo: .seconds(2))
        }
        lseek(raw, 0, SEEK_SET)
        let octets = (try? file.readAll(limit: 1 << 22)) ?? []
        var text = String(decoding: octets, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return Outcome(text: text, status: ending?.shellStatus ?? 124)
    }
}
