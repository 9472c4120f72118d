import Glibc
import LinuxSystem
import SessionNetwork

/// The helper's own files: its directory, its locks, its socket and that of the service; each is made anew where it is gone.
///
/// A socket whose path is gone works on for who is connected, and nobody else finds it; a lock whose file is gone locks
/// nobody out.
final class RunDirectory {
    private let path: String
    private let group: UInt32
    private var lock: HeldLock
    private var namespaceLock: HeldLock
    private var listener: OwnedDescriptor?
    private var listenerIdentity: FileIdentity?
    private var clientSocketIdentity: FileIdentity?

    /// A lock and the file that it is on.
    private struct HeldLock: ~Copyable {
        let path: String
        let lock: FileLock
        let identity: FileIdentity

        init(_ path: String, of what: String) throws(HelperError) {
            do throws(Errno) {
                // A predecessor that was killed may have left it to a child that is only just ending.
                let lock = try FileLock(path: path, patience: .milliseconds(300))
                identity = try lock.identity()
                self.lock = lock
            } catch .wouldBlock {
                throw HelperError("start: another vipns-helper serves \(what)")
            } catch {
                throw HelperError("lock '\(path)': \(error)")
            }
            self.path = path
        }

        /// True if unknown: relocking would not help.
        var isThere: Bool {
            do throws(Errno) {
                return try FileIdentity(path: path) == identity
            } catch {
                return error != .noSuchFile
            }
        }
    }

    /// Makes the directory and takes the locks.
    init(path: String, group: UInt32) throws(HelperError) {
        try Self.make(path)
        // The one lock before the other: who has the directory's only may not touch what is in it.
        let lock = try HeldLock("\(path)/helper.lock", of: "'\(path)'")
        // Numbers belong to the network namespace, whatever the directories are: another helper would take our sessions
        // for orphans.
        let cookie: UInt64
        do throws(Errno) {
            cookie = try NetworkNamespace.cookieOfCallingThread()
        } catch {
            throw HelperError("tell network namespaces apart (SO_NETNS_COOKIE, Linux 5.14): \(error)")
        }
        let namespaceLock = try HeldLock("/run/vipns-helper.\(cookie).lock", of: "this network namespace")
        self.path = path
        self.group = group
        self.lock = lock
        self.namespaceLock = namespaceLock
    }

    /// Listens for the service, which may connect from here on.
    func listen() throws(HelperError) {
        listener = try Self.listen(path, group)
        listenerIdentity = try? FileIdentity(path: Self.socket(path))
    }

    /// The listener's number, for poll(2); -1 before ``listen()``.
    var rawListener: Int32 { listener?.withRaw { $0 } ?? -1 }

    /// Takes the connection that waits.
    func accept() throws(Errno) -> OwnedDescriptor {
        try accept(from: listener)
    }

    private func accept(from listener: borrowing OwnedDescriptor?) throws(Errno) -> OwnedDescriptor {
        switch listener {
        case .some(let listener): try UnixSocket.accept(from: listener, nonBlocking: false)
        case .none: throw .wouldBlock
        }
    }

    /// Binds the client socket anew.
    ///
    /// Everybody may connect: who asks is told by the kernel at every connection.
    func bindClientSocket() throws(NetworkError) -> OwnedDescriptor {
        let name = "\(path)/io.vipns"
        do throws(Errno) {
            let socket = try UnixSocket.listen(.stream, at: name, mode: 0o666, refusingDescriptors: true)
            clientSocketIdentity = try? FileIdentity(path: name)
            return socket
        } catch {
            throw NetworkError("bind the client socket '\(name)'", error)
        }
    }

    /// Whether the path of the client socket leads to the one that was bound last.
    var isListening: Bool {
        clientSocketIdentity != nil && (try? FileIdentity(path: "\(path)/io.vipns")) == clientSocketIdentity
    }

    /// Makes anew what is gone.
    ///
    /// - Returns: what that was, in words.
    func mend() throws(HelperError) -> [String] {
        var mended: [String] = []
        if unsafe access(path, F_OK) != 0 {
            try Self.make(path)
            mended.append("directory '\(path)'")
        }
        if !lock.isThere {
            lock = try HeldLock(lock.path, of: "'\(path)'")
            mended.append("lock '\(lock.path)'")
        }
        if !namespaceLock.isThere {
            namespaceLock = try HeldLock(namespaceLock.path, of: "this network namespace")
            mended.append("lock '\(namespaceLock.path)'")
        }
        if listenerIdentity == nil || (try? FileIdentity(path: Self.socket(path))) != listenerIdentity {
            try listen()
            mended.append("socket '\(Self.socket(path))'")
        }
        return mended
    }

    private static func socket(_ path: String) -> String { "\(path)/helper" }

    private static func make(_ path: String) throws(HelperError) {
        do throws(Errno) {
            try checked { unsafe mkdir(path, 0o755) }
        } catch .fileExists {
            var facts = stat()
            guard unsafe lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == 0,
                facts.st_mode & 0o022 == 0
            else {
                throw HelperError("use '\(path)': it must be a directory of root's that nobody else may write to")
            }
        } catch {
            throw HelperError("make directory '\(path)': \(error)")
        }
    }

    private static func listen(_ path: String, _ group: UInt32) throws(HelperError) -> OwnedDescriptor {
        do throws(Errno) {
            return try UnixSocket.listen(
                .seqpacket, at: socket(path), mode: 0o660, group: group, backlog: 8, refusingDescriptors: true)
        } catch {
            throw HelperError("listen on '\(socket(path))': \(error)")
        }
    }
}
