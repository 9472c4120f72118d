internal import Addressing
internal import Glibc
internal import LinuxSystem

/// The nftables script of a pool, opened: what nobody but root can have written.
///
/// nft(8) reads it, as root and inside the session's namespace, before there is a link. The script is root's own, so nft
/// is fed nothing that a user or the service could have made; what it may not be is chosen by them.
final class SessionFirewall: Sendable {
    private let path: String
    private let script: OwnedDescriptor

    /// Opens the script and looks at it and at every directory on the way.
    ///
    /// - Throws: what keeps it from being root's alone, or readable at all.
    init(path: String) throws(NetworkError) {
        self.path = path
        script = try Self.open(path)
    }

    private static func open(_ path: String) throws(NetworkError) -> OwnedDescriptor {
        let found: Found
        do throws(Errno) {
            found = try walk(path.split(separator: "/").map(String.init))
        } catch {
            let isLink = error.rawValue == ELOOP || error.rawValue == ENOTDIR
            throw NetworkError("load firewall '\(path)'", error, hint: isLink ? "no part may be a symbolic link" : nil)
        }
        if let reason = found.distrust {
            throw NetworkError(sentence: "cannot load firewall '\(path)': \(reason)", errno: .permissionDenied)
        }
        return found.intoFile()
    }

    /// Where a walk ended, and what is wrong there.
    private struct Found: ~Copyable {
        let file: OwnedDescriptor
        let distrust: String?
        consuming func intoFile() -> OwnedDescriptor { file }
    }

    /// Part by part without following links: none of them may be changed, or put in another's place, by others than root.
    private static func walk(_ parts: [String]) throws(Errno) -> Found {
        var place = try OwnedDescriptor.open("/", O_RDONLY | O_DIRECTORY)
        for (index, part) in parts.enumerated() {
            let isLast = index == parts.count - 1
            let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | (isLast ? 0 : O_DIRECTORY)
            let raw = place.withRaw { $0 }
            let next = OwnedDescriptor(adopting: try checked { unsafe openat(raw, part, flags) })
            if let reason = try distrust(next, isDirectory: !isLast) {
                return Found(file: next, distrust: "'/\(parts[...index].joined(separator: "/"))' \(reason)")
            }
            place = next
        }
        return Found(file: place, distrust: nil)
    }

    /// Why it may not be used; nil where only root can have written it.
    private static func distrust(_ file: borrowing OwnedDescriptor, isDirectory: Bool) throws(Errno) -> String? {
        let raw = file.withRaw { $0 }
        var facts = stat()
        try checked { unsafe fstat(raw, &facts) }
        if !isDirectory, facts.st_mode & S_IFMT != S_IFREG { return "is not a regular file" }
        if facts.st_uid != 0 { return "belongs to user \(facts.st_uid), not to root" }
        // In a sticky directory others cannot put anything in the place of what is root's.
        let isOpen = facts.st_mode & (S_IWGRP | S_IWOTH) != 0 && !(isDirectory && facts.st_mode & S_ISVTX != 0)
        return isOpen ? "can be written by others than root" : nil
    }

    /// Has nft load it into the calling thread's namespace, whole or not at all.
    ///
    /// - Throws: what nft says of it.
    func load() throws(NetworkError) { try NftProgram.load(script, "load firewall '\(path)'") }
}
