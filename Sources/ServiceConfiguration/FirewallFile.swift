internal import Glibc

/// A pool's firewall as far as a process without privilege can look at it; the helper looks again before each use.
enum FirewallFile {
    /// Why it cannot be used, beginning with the path of what is wrong; nil where it can, or this process may not know.
    ///
    /// It, and every directory on the way, must be such that only `owner` or root can have written it.
    static func distrust(_ path: String, owner: UInt32) -> String? {
        let parts = path.split(separator: "/")
        var shown = ""
        for (index, part) in parts.enumerated() {
            shown += "/\(part)"
            var facts = stat()
            guard unsafe lstat(shown, &facts) == 0 else {
                // A directory that is closed to us is none that we can judge.
                if errno == EACCES { return nil }
                return errno == ENOENT ? "'\(shown)' does not exist" : "'\(shown)': \(errorText(errno))"
            }
            if let reason = distrust(shown, facts, isFile: index == parts.count - 1, owner: owner) { return reason }
        }
        return nil
    }

    private static func distrust(_ path: String, _ facts: stat, isFile: Bool, owner: UInt32) -> String? {
        let type = facts.st_mode & S_IFMT
        if type == S_IFLNK { return "'\(path)' is a symbolic link (write the path that it leads to)" }
        if isFile, type != S_IFREG { return "'\(path)' is not a regular file" }
        if !isFile, type != S_IFDIR { return "'\(path)' is not a directory" }
        let isOwned = facts.st_uid == owner || (!isFile && facts.st_uid == 0)
        if !isOwned {
            let name = owner == 0 ? "root" : "\(owner)"
            return "'\(path)' belongs to user \(facts.st_uid), not to \(name) (run: chown \(name) '\(path)')"
        }
        // In a sticky directory others cannot put anything in the place of what is not theirs.
        let isSticky = !isFile && facts.st_mode & S_ISVTX != 0
        if facts.st_mode & (S_IWGRP | S_IWOTH) != 0, !isSticky {
            return "'\(path)' can be written by others than its owner (run: chmod go-w '\(path)')"
        }
        return nil
    }

    private static func errorText(_ code: CInt) -> String { unsafe String(cString: strerror(code)) }
}
