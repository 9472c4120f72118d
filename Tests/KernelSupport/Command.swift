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
        let child = try output.withRaw { (out) throws(Errno) in
            try errors.withRaw { (err) throws(Errno) in
                try ChildProcess(program, arguments: arguments, output: out, error: err)
            }
        }
        let ending = try child.wait()
        return Command(ending: ending, output: try text(of: output), errors: try text(of: errors))
    }

    private static func temporaryFile() throws(Errno) -> OwnedDescriptor {
        try OwnedDescriptor.open("/tmp", O_TMPFILE | O_RDWR, mode: 0o600)
    }

    private static func text(of file: borrowing OwnedDescriptor) throws(Errno) -> String {
        let raw = file.withRaw { $0 }
        try checked { lseek(raw, 0, SEEK_SET) }
        return String(decoding: try file.readAll(limit: 1 << 22), as: UTF8.self)
    }
}

/// Asks until `condition` holds or `milliseconds` are over, without leaving the thread.
public func eventually(within milliseconds: Int = 2000, _ condition: () throws -> Bool) rethrows -> Bool {
    let end = SystemClock.bootTimeMicroseconds() + Int64(milliseconds) * 1000
    while SystemClock.bootTimeMicroseconds() < end {
        if try condition() { return true }
        usleep(5000)
    }
    return try condition()
}

/// The descriptors that this process has open.
public func openDescriptors() throws(Errno) -> Set<String> { Set(try directoryEntries("/proc/self/fd")) }
