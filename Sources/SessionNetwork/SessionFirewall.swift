internal import Addressing
internal import Glibc
internal import LinuxSystem

/// The nftables script of a pool, opened: what nobody but root can have written.
///
/// nft(8) reads it, as root and inside the session's namespace, before there is a link. The script is root's own, so nft
/// is fed nothing that a user or the service could have made; what it may not be is chosen by them.
final class SessionFirewall: Sendable {
    /// Where nft is on the distributions.
    static let programs = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"]
    /// A login waits: what takes longer is killed, and the open fails.
    private static let patience = Duration.seconds(1)

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
    func load() throws(NetworkError) {
        guard let program = Self.programs.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw NetworkError("load firewall '\(path)'", .noSuchFile, hint: "'nft' is needed: install nftables")
        }
        let outcome: (ending: ChildProcess.Ending, words: String)
        do throws(Errno) {
            outcome = try run(program)
        } catch .timedOut {
            // Not ETIMEDOUT: the service would take that for a helper that hangs.
            throw NetworkError(
                sentence: "cannot load firewall '\(path)': '\(program)' is not done after \(Self.patience)",
                errno: .invalidArgument)
        } catch {
            throw NetworkError("load firewall '\(path)' by '\(program)'", error)
        }
        guard outcome.ending == .exited(0) else {
            throw NetworkError(
                sentence: "cannot load firewall '\(path)': \(Self.reason(outcome.words, outcome.ending))",
                errno: .invalidArgument)
        }
    }

    /// The child inherits the namespace of the thread that makes it.
    private func run(_ program: String) throws(Errno) -> (ChildProcess.Ending, String) {
        let words = try UnixSocket.pair(.stream)
        // From the start, whoever read it before: the descriptor is this session's own.
        let child = try ChildProcess(
            program, arguments: ["-f", "-"], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            input: script.withRaw { $0 }, error: words.second.withRaw { $0 }, options: .dieWithParent)
        let process = try PidDescriptor(pid: child.pid)
        let output = words.keepingFirst()
        let deadline = ContinuousClock.now + Self.patience
        var text: [UInt8] = []
        while output.isReadable(within: Int32(clamping: max(0, (deadline - .now).milliseconds))) {
            let part = try UnixSocket.receive(limit: 4096, on: output).octets
            if part.isEmpty { break }
            // Read on to the end, so that it does not wait for us; the first words are what matters.
            if text.count < 4096 { text += part }
        }
        let left = max(0, (deadline - .now).milliseconds)
        if !process.descriptor.isReadable(within: Int32(clamping: left)) {
            try process.signal(SIGKILL)
            // Whoever survives that hangs in the kernel; the child is then init's to reap.
            guard process.descriptor.isReadable(within: 200) else { throw .timedOut }
            _ = try child.wait()
            throw .timedOut
        }
        return (try child.wait(), String(decoding: text, as: UTF8.self))
    }

    /// nft's first sentence without its name for the script: `line 3:9-14: Error: syntax error, unexpected string`.
    private static func reason(_ words: String, _ ending: ChildProcess.Ending) -> String {
        guard let first = words.split(separator: "\n").first else {
            return "'nft' ended with status \(ending.shellStatus)"
        }
        let line = first.hasPrefix("/dev/stdin:") ? "line \(first.dropFirst(11))" : String(first)
        let shown = line.unicodeScalars.prefix(400).map {
            $0.properties.generalCategory == .control ? "?" : Character($0)
        }
        return String(shown)
    }
}
