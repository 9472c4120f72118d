internal import Glibc
public import Leasing
internal import LinuxSystem

/// The files of a store: pages, log, and the log's index.
public enum StoreFiles {
    static let ends = ["", "-wal", "-shm"]

    static func exists(_ path: String) -> Bool {
        // The string is lent for the call.
        unsafe access(path, F_OK) == 0
    }

    static func remove(_ path: String) {
        // The strings are lent for the calls.
        for end in ends { _ = unsafe unlink(path + end) }
    }

    /// Copies pages and log; what is missing stays so.
    static func copy(_ path: String, to target: String) throws(Errno) {
        remove(target)
        for end in ends.prefix(2) where exists(path + end) {
            let source = try OwnedDescriptor.open(path + end, O_RDONLY)
            let copy = try OwnedDescriptor.open(target + end, O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
            let (input, output) = (source.withRaw { $0 }, copy.withRaw { $0 })
            var octets = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try checked { unsafe read(input, &octets, octets.count) }
                if count == 0 { break }
                let written = try checked { unsafe write(output, octets, count) }
                guard written == count else { throw Errno(rawValue: ENOSPC) }
            }
        }
    }

    /// Writes what the header of every store says where it says something else; fileformat2.html, "The Database Header".
    static func mendHeader(_ path: String) throws(Errno) {
        let file = try OwnedDescriptor.open(path, O_WRONLY)
        let raw = file.withRaw { $0 }
        // Pages of 4,096 octets, a write-ahead log both ways, nothing reserved, fractions.
        let start = Array("SQLite format 3\0".utf8) + [0x10, 0x00, 2, 2, 0, 64, 32, 32]
        // Format 4 of the schema; UTF-8.
        for (octets, offset) in [(start, 0), ([0, 0, 0, 4], 44), ([0, 0, 0, 1], 56)] {
            try checked { unsafe pwrite(raw, octets, octets.count, offset) }
        }
    }

    /// A name that nothing has, in the same second neither.
    private static func freeName(_ name: String) -> String {
        let names = [name] + (2...99).map { "\(name)-\($0)" }
        return names.first { candidate in !ends.contains { exists(candidate + $0) } } ?? name
    }

    /// Puts the finished store `new` in the place of the one at `path`, whose files are kept under another name.
    ///
    /// Whatever ends it in the middle, the old files are there by one name at least, and a service that is started finds the
    /// old pages and refuses them, or the new store.
    /// - Returns: what the old ones are called now; nil where there were none.
    public static func replace(_ path: String, with new: String, at moment: String) throws(LeaseStoreError) -> String? {
        let kept = freeName("\(path).damaged-\(moment)")
        let old = ends.filter { exists(path + $0) }
        do throws(Errno) {
            // The strings are lent for the calls.
            for end in old { try checked { unsafe link(path + end, kept + end) } }
        } catch {
            remove(kept)
            remove(new)
            throw LeaseStoreError(operation: "keep lease store", subject: path, cause: .storage("\(error)"))
        }
        do throws(Errno) {
            // Beside the new pages the old log would be taken for theirs.
            for end in old where !end.isEmpty { try checked { unsafe unlink(path + end) } }
            // The new log has nothing that is not in the pages, and once these have their name nobody looks for it.
            for end in ends where !end.isEmpty { _ = unsafe unlink(new + end) }
            try checked { unsafe rename(new, path) }
            let folder = try OwnedDescriptor.open(
                path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ".", O_RDONLY | O_DIRECTORY)
            try checked { folder.withRaw { fsync($0) } }
        } catch {
            throw LeaseStoreError(operation: "replace lease store", subject: path, cause: .storage("\(error)"))
        }
        return old.isEmpty ? nil : kept
    }
}
