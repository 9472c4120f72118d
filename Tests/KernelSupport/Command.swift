internal import Glibc
public import LinuxSystem

/// A finished program: how it ended and what it wrote.
public struct Command: Sendable {
    /// How it ended.
    public let ending: ChildProcess.Ending
    /// Its standard output.
    public let output: String
    /// Its standard error.
    public let errors: String

    /// Runs a program in the calling thread's namespaces and waits for it; PATH is not searched.
    ///
    /// - Throws: the errno of starting it.
    public static func run(_ program: String, _ arguments: String...) throws(Errno) -> Command {
        try run(program, arguments)
    }

    /// Runs a program in the calling thread's namespaces and waits for it; PATH is not searched.
    ///
    /// - Throws: the errno of starting it.
    public static func run(_ program: String, _ arguments: [String]) throws(Errno) -> Command {
        // Ordinary files instead of pipes: neither side can fill up and wait.
        let output = try temporaryFile()
        let errors = try temporaryFile()
        let child = try ChildProcess(
            program, arguments: arguments, output: output.withRaw { $0 }, error: errors.withRaw { $0 })
        let ending = try child.wait()
        return Command(ending: ending, output: try text(of: output), errors: try text(of: errors))
    }

    private static func temporaryFile() throws(Errno) -> OwnedDescriptor {
        let path = "/tmp/vipns-test-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
        _ = unsafe unlink(path)
        return file
    }

    private static func text(of file: borrowing OwnedDescriptor) throws(Errno) -> String {
        let raw = file.withRaw { $0 }
        try checked { lseek(raw, 0, SEEK_SET) }
        return String(decoding: try file.readAll(limit: 1 << 22), as: UTF8.self)
    }
}

/// Asks until `condition` holds or `milliseconds` are over, without leaving the thread.
public func eventually(within milliseconds: Int = 20_000, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = SystemClock.bootTimeMicroseconds() + Int64(milliseconds) * 1000
    while SystemClock.bootTimeMicroseconds() < end {
        if try condition() { return true }
        usleep(5000)
    }
    return try condition()
}

/// The descriptors that this process has open, once they are the same for a while.
///
/// Other threads of an exit test's child, the testing library's and the runtime's, open files of their own as they start.
public func openDescriptors() throws(Errno) -> Set<Int32> {
    var last = try descriptorsNow()
    var repeats = 0
    while repeats < 5 {
        usleep(4000)
        let now = try descriptorsNow()
        repeats = now == last ? repeats + 1 : 0
        last = now
    }
    return last
}

private func descriptorsNow() throws(Errno) -> Set<Int32> {
    // The one by which the directory was read is closed by now; those of Dispatch's own loop come whenever it likes.
    let ofTheRuntime = ["anon_inode:[eventfd]", "anon_inode:[eventpoll]", "anon_inode:[timerfd]"]
    return Set(
        try directoryEntries("/proc/self/fd").filter { name in
            readSymbolicLink("/proc/self/fd/\(name)").map { !ofTheRuntime.contains($0) } ?? false
        }.compactMap { Int32($0) })
}
