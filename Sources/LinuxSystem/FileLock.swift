internal import Glibc

/// A lock on a file, held as long as the value lives and gone with the process however it ends; flock(2).
public struct FileLock: ~Copyable, Sendable {
    private let file: OwnedDescriptor

    /// Takes the lock or fails; makes the file, mode 0600, where it is missing.
    ///
    /// Blocks for `patience` at most.
    /// - Throws: EAGAIN where another process holds it, or the errno of opening.
    public init(path: String, patience: Duration = .zero) throws(Errno) {
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        let deadline = ContinuousClock.now + patience
        while !(try Self.take(file)) {
            guard ContinuousClock.now < deadline else { throw .wouldBlock }
            usleep(5000)
        }
        self.file = file
    }

    /// What the lock is on, whatever its path leads to by now.
    ///
    /// - Throws: the errno of fstat(2).
    public borrowing func identity() throws(Errno) -> FileIdentity { try file.identity() }

    private static func take(_ file: borrowing OwnedDescriptor) throws(Errno) -> Bool {
        let raw = file.withRaw { $0 }
        do throws(Errno) {
            try checked { flock(raw, LOCK_EX | LOCK_NB) }
            return true
        } catch .wouldBlock {
            return false
        }
    }
}
