internal import CLinux
internal import Glibc

/// A file descriptor with exactly one owner; closed when the owner goes away.
public struct OwnedDescriptor: ~Copyable, Sendable {
    private let raw: CInt

    /// Takes ownership of `raw`, which must be open and close-on-exec.
    public init(adopting raw: CInt) { self.raw = raw }

    deinit { _ = Glibc.close(raw) }

    /// Closes now, for callers that must know whether it worked.
    ///
    /// - Throws: the errno of close(2); the descriptor is gone in any case.
    public consuming func close() throws(Errno) {
        let raw = self.raw
        discard self
        // close(2) is never retried: after EINTR the descriptor is gone already.
        if Glibc.close(raw) == -1, Errno.current != .interrupted { throw Errno.current }
    }

    /// Gives ownership to C code.
    public consuming func relinquish() -> CInt {
        let raw = self.raw
        discard self
        return raw
    }

    /// Lends the number to one call; it must not outlive the closure.
    public borrowing func withRaw<Result, Failure: Error>(
        _ body: (CInt) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(raw)
    }

    /// A second descriptor for the same open file; fcntl(2), F_DUPFD_CLOEXEC, from 3 upwards.
    ///
    /// - Throws: the errno, EMFILE above all.
    public borrowing func duplicate() throws(Errno) -> OwnedDescriptor {
        let raw = self.raw
        return OwnedDescriptor(adopting: try checked { fcntl(raw, F_DUPFD_CLOEXEC, 3) })
    }

    /// Opens a path; open(2) with O_CLOEXEC added to `flags`.
    ///
    /// - Throws: the errno.
    public static func open(_ path: String, _ flags: CInt, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(adopting: try checked { unsafe Glibc.open(path, flags | O_CLOEXEC, mode) })
    }

    /// Makes reads and writes return at once; fcntl(2), O_NONBLOCK.
    ///
    /// - Throws: the errno.
    public borrowing func setNonBlocking() throws(Errno) {
        let raw = self.raw
        let flags = try checked { fcntl(raw, F_GETFL) }
        try checked { fcntl(raw, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Device and inode of the open file; fstat(2).
    ///
    /// - Throws: the errno.
    public borrowing func identity() throws(Errno) -> FileIdentity {
        let raw = self.raw
        var facts = stat()
        try checked { unsafe fstat(raw, &facts) }
        return FileIdentity(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
    }
}

/// What tells one file from another while both exist; inode numbers are used again later.
public struct FileIdentity: Hashable, Sendable {
    /// The device that holds the file.
    public let device: UInt64
    /// The file's number on that device.
    public let inode: UInt64

    /// Puts the two together.
    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// The file that `path` leads to; stat(2).
    ///
    /// - Throws: the errno.
    public init(path: String) throws(Errno) {
        var facts = stat()
        try checked { unsafe stat(path, &facts) }
        self.init(device: UInt64(facts.st_dev), inode: UInt64(facts.st_ino))
    }
}
