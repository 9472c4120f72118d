internal import Glibc
internal import LinuxSystem

/// Finds who keeps a namespace alive from outside: by a descriptor of it, a mount of it, or a socket in it.
///
/// Nothing leads into such a namespace any more, so the search goes the other way: through every process's descriptors
/// and mounts. A descriptor that is under way in a message, and a socket without process, are not found.
///
/// A process's descriptors are its user's to list, and root's only with CAP_DAC_READ_SEARCH, which reads every file. So
/// they are listed as that user, which needs CAP_SETUID; to see where they lead to needs CAP_SYS_PTRACE.
///
/// For a raw thread of its own: it changes its user. And each socket is held for a moment to be asked: when its owner
/// closes it just then the last close is ours, which may last as long as that owner likes (socket(7), SO_LINGER).
public struct HolderSearch: Sendable {
    /// What is known of a namespace.
    public struct Namespace: Hashable, Sendable {
        let number: Int32
        let cookie: UInt64
        let inode: UInt64

        /// Puts the facts together; 0 for a cookie or inode that is not known.
        public init(number: Int32, cookie: UInt64, inode: UInt64) {
            self.number = number
            self.cookie = cookie
            self.inode = inode
        }
    }

    /// A process that holds one.
    public struct Holder: Hashable, Sendable {
        /// The namespace's number.
        public let number: Int32
        /// The process.
        public let pid: Int32
        /// What it holds.
        public let means: Means
        /// Its program; proc_pid_comm(5).
        public let program: String
    }

    /// What a holder holds.
    public enum Means: Hashable, Sendable {
        /// A descriptor of the namespace.
        case descriptor
        /// A mount, in its mount namespace, which others may share.
        case mount
        /// A socket in the namespace.
        case socket
    }

    private var byInode: [UInt64: Int32] = [:]
    private var byLink: [String: Int32] = [:]
    /// The device of all namespaces.
    private let device = try? FileIdentity(path: "/proc/self/ns/net").device
    private var byCookie: [UInt64: Int32] = [:]
    private var found: Set<Holder> = []
    /// Processes that live and could not be looked at.
    private var hidden: Set<Int32> = []
    /// Mount namespaces that were looked at.
    private var seen: Set<String> = []

    /// What a search has come to.
    public struct Outcome: Sendable {
        /// Who was found.
        public var holders: [Holder]
        /// How many processes could not be looked at, each of which may hold one as well.
        public var hiddenCount: Int

        /// Puts the two together.
        public init(holders: [Holder], hiddenCount: Int) {
            self.holders = holders
            self.hiddenCount = hiddenCount
        }
    }

    /// Searches all processes but this one.
    ///
    /// The calling thread is not the process's first one.
    public static func holders(of wanted: [Namespace]) -> Outcome {
        var search = HolderSearch()
        for namespace in wanted {
            if namespace.inode != 0 {
                search.byInode[namespace.inode] = namespace.number
                search.byLink["net:[\(namespace.inode)]"] = namespace.number
            }
            if namespace.cookie != 0 { search.byCookie[namespace.cookie] = namespace.number }
        }
        let own = getpid()
        for pid in ((try? directoryEntries("/proc")) ?? []).compactMap({ Int32($0) }) where pid != own {
            do throws(Errno) {
                let owner = try fileOwner("/proc/\(pid)/fd")
                try asFileSystemUser(owner) { () throws(Errno) in try search.lookAtDescriptors(of: pid) }
            } catch  where error != .noSuchFile && error != .noSuchProcess {
                search.hidden.insert(pid)
            } catch {
                // It has ended.
            }
            search.lookAtMounts(of: pid)
        }
        return Outcome(
            holders: search.found.sorted { ($0.number, $0.pid) < ($1.number, $1.pid) }, hiddenCount: search.hidden.count
        )
    }

    private mutating func lookAtDescriptors(of pid: Int32) throws(Errno) {
        let descriptors = try directoryEntries("/proc/\(pid)/fd").compactMap { Int32($0) }
        if descriptors.isEmpty { return }
        // Held before it is looked at: its number cannot come to mean another process in between.
        let process = try PidDescriptor(pid: pid)
        for descriptor in descriptors {
            let link: String
            do throws(Errno) {
                link = try symbolicLink("/proc/\(pid)/fd/\(descriptor)")
            } catch .permissionDenied where !process.hasEnded {
                throw .permissionDenied
            } catch {
                continue
            }
            if let number = byLink[link] ?? numberBehind(link, pid, descriptor) { note(number, pid, .descriptor) }
            guard link.hasPrefix("socket:"), !byCookie.isEmpty, let copy = try? process.copy(of: descriptor),
                let cookie = try? PeerCredentials.networkNamespaceCookie(of: copy), let number = byCookie[cookie]
            else { continue }
            note(number, pid, .socket)
        }
    }

    /// The namespace that was opened by its pin: the link then shows the pin's path, or what is left of it.
    ///
    /// The inode comes from where no file system is asked, one that hangs least of all; then it is made sure.
    private func numberBehind(_ link: String, _ pid: Int32, _ descriptor: Int32) -> Int32? {
        guard link.hasPrefix("/"), !byInode.isEmpty, let text = try? readTextFile("/proc/\(pid)/fdinfo/\(descriptor)"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ino:") }),
            let inode = line.split(whereSeparator: \.isWhitespace).last.flatMap({ UInt64($0) }),
            let number = byInode[inode], let identity = try? FileIdentity(path: "/proc/\(pid)/fd/\(descriptor)"),
            identity.inode == inode, identity.device == device
        else { return nil }
        return number
    }

    private mutating func lookAtMounts(of pid: Int32) {
        guard !byLink.isEmpty, let namespace = readSymbolicLink("/proc/\(pid)/ns/mnt"), seen.insert(namespace).inserted,
            let text = try? String(decoding: readFile("/proc/\(pid)/mountinfo", limit: 1 << 26), as: UTF8.self)
        else { return }
        for line in text.split(separator: "\n") where line.contains(" - nsfs ") {
            // The fourth field is what of the file system is mounted; proc_pid_mountinfo(5).
            let fields = line.split(separator: " ", maxSplits: 4)
            if fields.count > 3, let number = byLink[String(fields[3])] { note(number, pid, .mount) }
        }
    }

    private mutating func note(_ number: Int32, _ pid: Int32, _ means: Means) {
        found.insert(Holder(number: number, pid: pid, means: means, program: programName(ofProcess: pid) ?? ""))
    }
}
