import Glibc
import KernelSupport
import Synchronization
import Testing

@testable import LinuxSystem

struct ProcessTests {
    @Test(arguments: ["sleep", ") (", "a) R 1 1", ") 1 2 3 4"])
    func `a process is told by its start, whatever its name`(name: String) throws {
        let folder = TemporaryPath()
        #expect(unsafe mkdir(folder.path, 0o700) == 0)
        let program = "\(folder.path)/\(name)"
        #expect(try Command.run("/bin/cp", "/bin/sleep", program).ending == .exited(0))
        let child = try ChildProcess(program, arguments: ["20"])
        let pid = child.pid
        let identity = try #require(ProcessIdentity(pid: pid))
        #expect(try readTextFile("/proc/\(pid)/comm") == "\(name.prefix(15))\n")
        // A tick is a hundredth of a second; boot time and ticks both count suspended time.
        let now = UInt64(SystemClock.bootTimeMicroseconds() / 10_000)
        #expect((now - 1000...now).contains(identity.startTicks))
        #expect(identity.pid == pid)
        #expect(ProcessIdentity(pid: pid) == identity)
        #expect(kill(pid, SIGKILL) == 0)
        _ = try child.wait()
        #expect(ProcessIdentity(pid: pid) != identity)
        _ = unsafe unlink(program)
    }

    @Test func `a process is held by its descriptor until after its end`() throws {
        let child = try ChildProcess("/bin/sleep", arguments: ["20"])
        let process = try PidDescriptor(pid: child.pid)
        expect(process.hasEnded, false)
        expect(process.descriptor.isReadable(within: 20), false)
        try process.signal(SIGTERM)
        expect(process.descriptor.isReadable(within: 2000), true)
        expect(process.hasEnded, true)
        try expect(child.wait(), .signalled(SIGTERM))
        expect(process.hasEnded, true)
        #expect(throws: Errno.noSuchProcess) { try process.signal(SIGTERM) }
    }

    @Test func `the peer of a connection is held by its descriptor`() throws {
        let pair = try UnixSocket.pair(.stream)
        let peer = try PidDescriptor(peerOf: pair.first)
        let own = try readTextFile("/proc/self/fdinfo/\(peer.descriptor.withRaw { $0 })")
        #expect(own.contains("Pid:\t\(getpid())\n"))
    }

    /// Before Linux 6.5 by the number, which is nobody's; before 6.16 an error; from then on a descriptor that says so.
    @Test func `a peer that has ended is told, whatever the kernel`() throws {
        let path = TemporaryPath()
        let listener = try UnixSocket.listen(.stream, at: path.path, mode: 0o600)
        let script = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
        let child = try ChildProcess("/usr/bin/python3", arguments: ["-c", script, path.path])
        try expect(child.wait(), .exited(0))
        let socket = try UnixSocket.accept(from: listener, nonBlocking: false)
        do {
            let peer = try PidDescriptor(peerOf: socket)
            expect(peer.hasEnded, true)
        } catch {
            #expect(error == .noSuchProcess)
        }
    }

    @Test(arguments: [
        (EINVAL, ESRCH), (ENOENT, ESRCH), (ESRCH, ESRCH), (EMFILE, EMFILE), (ENOPROTOOPT, ENOPROTOOPT),
    ])
    func `all that a kernel says of a process that is not there is ESRCH`(said: Int32, told: Int32) {
        #expect(throws: Errno(rawValue: told)) {
            _ = try PidDescriptor.opened {
                errno = said
                return -1
            }
        }
    }

    @Test func `there is no process of number 0`() {
        #expect(ProcessIdentity(pid: 0) == nil)
        #expect(throws: Errno.self) { _ = try PidDescriptor(pid: 0) }
    }

    @Test func `a number that a thread has by now is no process's`() throws {
        let isDone = Mutex(false)
        let number = Mutex<Int32>(0)
        try startThread {
            // PID/task/TID
            let own = readSymbolicLink("/proc/thread-self")?.split(separator: "/").last.flatMap { Int32($0) }
            number.withLock { $0 = own ?? -1 }
            while !isDone.withLock({ $0 }) { usleep(1000) }
        }
        defer { isDone.withLock { $0 = true } }
        while number.withLock({ $0 }) == 0 { usleep(1000) }
        let thread = number.withLock { $0 }
        #expect(thread != getpid())
        #expect(throws: Errno.noSuchProcess) { _ = try PidDescriptor(pid: thread) }
    }

    @Test func `who cannot look up an account does not say that there is none`() async {
        await #expect(processExitsWith: .success) {
            let root = try #require(try Account.find("root"))
            #expect(root.uid == 0)
            var limit = rlimit()
            try checked { unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            let usual = limit.rlim_cur
            limit.rlim_cur = 0
            try checked { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            let account = Result { try Account.find("root") }
            let number = Result { try Account.find("64999") }
            let groups = Result { try root.groupNames() }
            limit.rlim_cur = usual
            try checked { unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) }
            // Only now: a further source that is there already and knows nobody hides that the first one failed.
            #expect(try Account.find("nobody-of-that-name") == nil)
            #expect(try Account.find("64999")?.name == "64999")
            #expect(throws: Errno(rawValue: EMFILE)) { _ = try account.get() }
            #expect(throws: Errno(rawValue: EMFILE)) { _ = try number.get() }
            #expect(throws: Errno(rawValue: EMFILE)) { _ = try groups.get() }
        }
    }

    @Test func `a lock keeps another process out and goes with its holder`() throws {
        let path = TemporaryPath()
        func outsider() throws -> ChildProcess.Ending {
            try Command.run("/usr/bin/flock", "--nonblock", path.path, "/bin/true").ending
        }
        do {
            let lock = try FileLock(path: path.path)
            #expect(try outsider() == .exited(1))
            #expect(throws: Errno.wouldBlock) { _ = try FileLock(path: path.path) }
            _ = consume lock
        }
        #expect(try outsider() == .exited(0))
        _ = try FileLock(path: path.path)
    }

    @Test func `an errno says what the C library says`() {
        #expect(Errno.noSuchFile.description == "No such file or directory")
        #expect(Errno.notPermitted.description == "Operation not permitted")
        #expect(Errno(rawValue: 4095).description == "error 4095")
        #expect(Errno(rawValue: -1).description == "error -1")
    }

    @Test func `an interrupted call is made again, another failure is thrown`() throws {
        var calls = 0
        let result = try checked { () -> Int32 in
            calls += 1
            errno = EINTR
            return calls < 3 ? -1 : 7
        }
        #expect(result == 7 && calls == 3)
        #expect(throws: Errno.noSpace) {
            try checked { () -> Int32 in
                errno = ENOSPC
                return -1
            }
        }
    }

    @Test func `a closed descriptor is a fault of our own and ends the program`() async {
        await #expect(processExitsWith: .failure) { try checked { Glibc.close(12_345) } }
    }
}
