internal import CLinux
internal import Glibc
internal import LinuxSystem

/// What came of a lab, as the machine sees it.
public struct LabReport: Hashable, Sendable {
    /// The exit status: the lab's own, 128 and the number of the signal that ended it, or 124 for the end of its time.
    public let status: Int32
    /// The signal that ended the lab; nil where none did.
    public let signal: Int32?
    /// Whether the lab was ended because its time was up.
    public let isOverdue: Bool
    /// What is left of it on the machine: nothing, unless something is wrong.
    public let leftovers: Census
}

/// The part of a lab that stays outside: starts its init, ends it, and counts what is left.
struct Supervisor: ~Copyable {
    static let environmentName = "VIPNS_LAB_SUPERVISOR"

    private let process: PidDescriptor
    private let pid: Int32
    private let signals: OwnedDescriptor
    private let word: UnixPipe
    private let deadline: Int64?

    /// Runs one lab to its end.
    static func run(limit: Duration?) throws(LabError) -> LabReport {
        guard geteuid() == 0 else { throw LabError("root is needed for namespaces") }
        let before = Self.surroundings()
        let terminalGroup = tcgetpgrp(0)
        let supervisor = try attempt("start a lab") { () throws(Errno) in try Supervisor(limit: limit) }
        let cause = supervisor.waitForEnd()
        let trace = LabTrace(ofLabWithInit: supervisor.pid)
        let ending = supervisor.end()
        // A shell in the lab had the terminal and may have been killed with it; SIGTTOU is blocked here.
        if terminalGroup == getpgrp() { tcsetpgrp(0, terminalGroup) }
        return LabReport(
            status: cause.status ?? ending, signal: cause.signal, isOverdue: cause == .overdue,
            leftovers: Self.count(trace, before))
    }

    private init(limit: Duration?) throws(Errno) {
        let signals = OwnedDescriptor(
            adopting: try signalDescriptor([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTTOU]))
        let pipe = try UnixPipe()
        let raw = pipe.input.withRaw { $0 }
        let own = try OwnedDescriptor.open("/proc/self/ns/pid", O_RDONLY)
        _ = unsafe setenv(Self.environmentName, "\(getpid()) \(raw)", 1)
        try checked { vipns_unshare(vipns_clone_newpid) }
        let arguments = Array(CommandLine.arguments.dropFirst())
        // The program as it was opened, even where it is being built anew.
        let child = Result { () throws(Errno) in
            try ChildProcess(
                "/proc/self/exe", arguments: arguments, input: 0, output: 1, error: 2, options: .dieWithParent
            ).pid
        }
        // Without this no thread could be made here any more: clone(2), CLONE_THREAD.
        let back = own.withRaw { vipns_setns($0, vipns_clone_newpid) }
        if back == -1 { throw Errno.current }
        let pid = try child.get()
        let process = try PidDescriptor(pid: pid)
        self.word = pipe
        self.deadline = limit.map { SystemClock.bootTimeMicroseconds() + Int64($0.microseconds) }
        self.signals = signals
        self.pid = pid
        self.process = process
    }

    private enum Cause: Hashable {
        case left(status: Int32)
        case signalled(Int32)
        case overdue
        case died

        var status: Int32? {
            switch self {
            case .left(let status): status
            case .signalled(let signal): 128 + signal
            case .overdue: 124
            case .died: nil
            }
        }

        var signal: Int32? {
            switch self {
            case .signalled(let signal): signal
            case .left, .overdue, .died: nil
            }
        }
    }

    private borrowing func waitForEnd() -> Cause {
        while true {
            let left = deadline.map { max(0, ($0 - SystemClock.bootTimeMicroseconds()) / 1000) }
            if left == 0 { return .overdue }
            var entries = [signals.withRaw { $0 }, word.output.withRaw { $0 }, process.descriptor.withRaw { $0 }].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            _ = try? checked { unsafe poll(&entries, nfds_t(entries.count), Int32(min(left ?? -1, 1 << 30))) }
            while let signal = signals.withRaw({ nextSignal($0) }) {
                if signal != SIGTTOU { return .signalled(signal) }
            }
            if entries[1].revents & Int16(POLLIN) != 0, let status = receiveStatus() { return .left(status: status) }
            if entries[2].revents != 0 { return .died }
        }
    }

    private borrowing func receiveStatus() -> Int32? {
        var octet: [UInt8] = [0]
        let raw = word.output.withRaw { $0 }
        return unsafe read(raw, &octet, 1) == 1 ? Int32(octet[0]) : nil
    }

    /// Kills the lab's init, and so everything in the lab: it is reaped only after all others have ended.
    private borrowing func end() -> Int32 {
        try? process.signal(SIGKILL)
        var status: Int32 = 0
        let pid = self.pid
        _ = try? checked { unsafe waitpid(pid, &status, 0) }
        return ChildProcess.Ending(waitStatus: status).shellStatus
    }
}

extension Supervisor {
    /// What the lab must not touch: the machine's links, and the directories that the programs use by default.
    private static func surroundings() -> Census {
        var census = Census.take()
        census.processes = []
        census.namespaces = [:]
        census.namespaceMounts = []
        return census
    }

    /// What is left; things on their way out get 3 s.
    private static func count(_ trace: LabTrace, _ before: Census) -> Census {
        for _ in 0..<60 {
            if leftovers(trace, before).isEmpty { break }
            usleep(50_000)
        }
        return leftovers(trace, before)
    }

    private static func leftovers(_ trace: LabTrace, _ before: Census) -> Census {
        var census = surroundings().difference(from: before)
        let remains = trace.remains()
        census.processes = remains.processes
        census.namespaces = remains.namespaces
        census.namespaceMounts = remains.namespaceMounts
        return census
    }
}

/// The two ends of a pipe; pipe(2).
///
/// The lab's init opens the input by its name in `/proc`.
private struct UnixPipe: ~Copyable {
    let output: OwnedDescriptor
    let input: OwnedDescriptor

    init() throws(Errno) {
        var ends: [Int32] = [-1, -1]
        try checked { unsafe pipe(&ends) }
        // No other thread is there that could fork in between.
        for end in ends { try checked { fcntl(end, F_SETFD, FD_CLOEXEC) } }
        output = OwnedDescriptor(adopting: ends[0])
        input = OwnedDescriptor(adopting: ends[1])
    }
}
