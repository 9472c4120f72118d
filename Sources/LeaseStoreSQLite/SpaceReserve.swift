internal import GRDB
internal import Glibc
internal import Synchronization

/// Disk space that is kept for the ends of sessions, and given up when the disk is full.
///
/// - Path: `vipns.db.reserve` beside the database: a file without meaning, whose blocks are its purpose.
/// - Writer: the service alone. It is emptied by the first write that finds the disk full and that may not be refused, and
///   made again by the next open that finds room for it; until then opens are refused.
/// - Lifetime: for ever; it may be deleted while no service runs.
/// - Enough for: the write-ahead log, which begins anew after some 4 MiB, and 4 MiB of growth of the database, at some 200
///   octets for the end of a session.
final class SpaceReserve: Sendable {
    static let octets = 8 << 20

    let path: String
    private let isKept: Mutex<Bool>

    /// Looks at what an earlier service has left.
    init(path: String) {
        self.path = path
        var facts = stat()
        // Blocks of 512 octets, whatever the file system's own are: a file with holes keeps nothing.
        let isThere = unsafe stat(path, &facts) == 0 && Int(facts.st_blocks) * 512 >= Self.octets
        self.isKept = Mutex(isThere)
    }

    /// Takes the space where it is not taken already; all of it or nothing.
    ///
    /// - Throws: why there is none.
    func keep() throws(Missing) {
        let failure = isKept.withLock { isKept -> Int32 in
            if isKept { return 0 }
            let file = unsafe open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard file >= 0 else { return errno }
            defer { close(file) }
            var failure = posix_fallocate(file, 0, off_t(Self.octets))
            while failure == EINTR { failure = posix_fallocate(file, 0, off_t(Self.octets)) }
            if failure != 0 { ftruncate(file, 0) }
            isKept = failure == 0
            return failure
        }
        if failure != 0 { throw Missing(path: path, errno: failure) }
    }

    /// Gives the space back to the disk.
    ///
    /// - Returns: whether there was any.
    func giveUp() -> Bool {
        isKept.withLock { isKept in
            if !isKept { return false }
            while unsafe truncate(path, 0) != 0 {
                // What is still there is given up the next time.
                if errno == ENOENT { isKept = false }
                if errno != EINTR { return false }
            }
            isKept = false
            return true
        }
    }

    /// Whether a failure may be one for want of space: a user's quota and the log's index have SQLite say something else than
    /// "full".
    static func mayCure(_ error: any Error) -> Bool {
        guard let error = error as? DatabaseError else { return false }
        return [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_CANTOPEN].contains(error.resultCode)
    }

    /// Why no session may be opened.
    struct Missing: Error, CustomStringConvertible {
        let path: String
        let errno: Int32

        var description: String {
            let reason = unsafe String(cString: strerror(errno))
            return
                "no space is kept for the ends of sessions in '\(path)': \(reason) (sessions can be closed, but none opened, "
                + "until this disk has \(SpaceReserve.octets >> 20) MiB)"
        }
    }
}
