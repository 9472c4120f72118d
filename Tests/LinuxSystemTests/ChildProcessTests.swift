import Glibc
import KernelSupport
import LinuxSystem
import Testing

struct ChildProcessTests {
    @Test(arguments: [
        ("exit 0", ChildProcess.Ending.exited(0), Int32(0)), ("exit 255", .exited(255), 255),
        ("kill -KILL $$", .signalled(SIGKILL), 137), ("kill -TERM $$", .signalled(SIGTERM), 143),
    ])
    func `a child's end is told by status or signal`(script: String, ending: ChildProcess.Ending, status: Int32) throws
    {
        let found = try Command.run("/bin/sh", "-c", script).ending
        #expect(found == ending)
        #expect(found.shellStatus == status)
    }

    @Test(arguments: [
        ("/nonexistent", Errno.noSuchFile), ("/etc", .permissionDenied), ("/etc/passwd", .permissionDenied),
    ])
    func `a program that cannot be started is an error of starting, and no child is left`(path: String, error: Errno) {
        #expect(throws: error) { _ = try ChildProcess(path, arguments: []) }
    }

    @Test func `arguments and environment arrive as they are`() throws {
        let command = try Command.run("/usr/bin/printf", "%s|", "", "a b", "*", "ä\n")
        #expect(command.output == "|a b|*|ä\n|")
        let path = TemporaryPath()
        let file = try OwnedDescriptor.open(path.path, O_RDWR | O_CREAT, mode: 0o600)
        let child = try ChildProcess(
            "/usr/bin/env", arguments: [], environment: ["A=1", "B="], output: file.withRaw { $0 })
        try expect(child.wait(), .exited(0))
        #expect(try readTextFile(path.path) == "A=1\nB=\n")
    }

    @Test(.needsRoot) func `another identity loses every group, and the way back`() async {
        await #expect(processExitsWith: .success) {
            var groups: [gid_t] = [0, 4, 27]
            #expect(unsafe setgroups(groups.count, &groups) == 0)
            let path = TemporaryPath()
            let file = try OwnedDescriptor.open(path.path, O_RDWR | O_CREAT, mode: 0o600)
            let child = try ChildProcess(
                "/bin/grep", arguments: ["-E", "^(Uid|Gid|Groups|CapEff|CapPrm):", "/proc/self/status"],
                output: file.withRaw { $0 }, identity: .init(uid: 64_742, gid: 64_743))
            try expect(child.wait(), .exited(0))
            let lines = try readTextFile(path.path).split(separator: "\n").map { $0.split { $0 == "\t" || $0 == " " } }
            let expected: [[Substring]] = [
                ["Uid:", "64742", "64742", "64742", "64742"], ["Gid:", "64743", "64743", "64743", "64743"],
                ["Groups:"], ["CapPrm:", "0000000000000000"], ["CapEff:", "0000000000000000"],
            ]
            #expect(lines == expected)
        }
    }

    @Test func `no descriptor but the three is inherited, even one that is not close-on-exec`() throws {
        let leaky = unsafe open("/dev/null", O_RDONLY)
        defer { close(leaky) }
        // The fourth is the directory that ls itself reads.
        #expect(try Command.run("/bin/ls", "/proc/self/fd").output == "0\n1\n2\n3\n")
    }

    @Test func `what is not given is the null device`() throws {
        let path = TemporaryPath()
        let file = try OwnedDescriptor.open(path.path, O_RDWR | O_CREAT, mode: 0o600)
        let script = "readlink /proc/self/fd/0 /proc/$$/fd/2"
        let child = try ChildProcess("/bin/sh", arguments: ["-c", script], output: file.withRaw { $0 })
        try expect(child.wait(), .exited(0))
        #expect(try readTextFile(path.path) == "/dev/null\n/dev/null\n")
    }

    @Test func `a parent without standard descriptors can start a child`() async {
        await #expect(processExitsWith: .success) {
            let path = TemporaryPath()
            let name = path.path
            for raw in 0...2 as ClosedRange<Int32> { close(raw) }
            // It gets one of the three numbers, and is then the child's output.
            let file = try OwnedDescriptor.open(name, O_RDWR | O_CREAT, mode: 0o600)
            let raw = file.withRaw { $0 }
            #expect(raw <= 2)
            let child = try ChildProcess(
                "/bin/sh", arguments: ["-c", "ls /proc/self/fd; echo e >&2"], output: raw, error: raw)
            try expect(child.wait(), .exited(0))
            #expect(throws: Errno.noSuchFile) { _ = try ChildProcess("/nonexistent", arguments: []) }
            #expect(try readTextFile(name) == "0\n1\n2\n3\ne\n")
        }
    }

    @Test func `a child starts with no signal blocked`() async {
        await #expect(processExitsWith: .success) {
            _ = try signalDescriptor([SIGTERM, SIGCHLD, SIGINT])
            signal(SIGPIPE, SIG_IGN)
            let output = try Command.run("/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status").output
            let lines = output.split(separator: "\n")
            #expect(lines.first == "SigBlk:\t0000000000000000")
            // Bit 12 is SIGPIPE.
            #expect(UInt64(lines.last?.suffix(16) ?? "", radix: 16).map { $0 & 0x1000 } == 0)
        }
    }

    @Test func `a child may leave its caller's terminal`() throws {
        let child = try ChildProcess("/bin/sleep", arguments: ["20"], options: .detached)
        let pid = child.pid
        #expect(getsid(pid) == pid && getpgid(pid) == pid)
        #expect(getsid(pid) != getsid(0))
        try PidDescriptor(pid: pid).signal(SIGKILL)
        try expect(child.wait(), .signalled(SIGKILL))
    }

    @Test(arguments: ["exec sleep 20", "trap '' TERM; while :; do sleep 1; done", "exit 3"])
    func `a short-lived child that is dropped is killed and reaped`(script: String) throws {
        func fail() throws -> Int32 {
            let child = ShortLivedChild(try ChildProcess("/bin/sh", arguments: ["-c", script]))
            let identity = ProcessIdentity(pid: child.pid)
            #expect(identity != nil)
            return child.pid
        }
        let pid = try fail()
        // Nobody's child of ours any more, not even a zombie.
        #expect(waitpid(pid, nil, WNOHANG) == -1 && errno == ECHILD)
    }

    @Test func `a short-lived child that is waited for tells its end`() throws {
        let child = ShortLivedChild(try ChildProcess("/bin/sh", arguments: ["-c", "exit 3"]))
        try expect(child.wait(), .exited(3))
    }
}
