internal import Glibc

/// A lock on a file, held as long as the value lives and gone with the process however it ends; flock(2).
public struct FileLock: ~Copyable, Sendable {
    private let file: OwnedDescriptor

    /// Takes the lock at once or fails; makes the file, mode 0600, where it is missing.
    ///
    /// - Throws: EAGAIN where another process holds it, or the errno of opening.
    public init(path: String) throws(Errno) {
        let file = try OwnedDescriptor.open(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode: 0o600)
        let raw = file.withRaw { $0 }
        try checked { flock(raw, LOCK_EX | LOCK_NB) }
        self.file = file
    }
}
