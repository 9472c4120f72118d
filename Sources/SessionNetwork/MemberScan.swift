internal import Glibc
internal import LinuxSystem
internal import Netlink

/// Finds the processes that stand in namespaces of ours, by what /proc tells of every thread.
///
/// Which session a namespace belongs to is told by its number, so the scan needs no memory of its own and works for
/// sessions whose pin is gone already.
struct MemberScan {
    /// A process and the number of a namespace that at least one of its threads is in.
    struct Member: Hashable {
        let number: Int32
        let pid: Int32
    }

    private(set) var members: Set<Member> = []
    /// What each namespace, told by its inode, turned out to be in this scan.
    private var numbers: [String: Int32?] = [:]

    /// Looks at every thread once; `isOurs` says which numbers count.
    ///
    /// - Throws: whatever keeps it from looking: "none" must never mean "could not look".
    init(host: borrowing NetlinkSocket, isOurs: (Int32) -> Bool) throws(Errno) {
        let own = getpid()
        for name in try directoryEntries("/proc") {
            // A thread of ours that has just left a namespace may still show in it.
            guard let pid = Int32(name), pid != own else { continue }
            for number in try numbers(ofProcess: pid, host: host) where isOurs(number) {
                members.insert(Member(number: number, pid: pid))
            }
        }
    }

    private init() {}

    /// Lends the namespaces of these numbers in which any thread stands, each once.
    ///
    /// - Throws: whatever keeps it from looking, and what `body` throws.
    static func visit(
        _ wanted: Set<Int32>, host: borrowing NetlinkSocket,
        _ body: (Int32, borrowing NetworkNamespace) throws(Errno) -> Void
    ) throws(Errno) {
        var wanted = wanted
        if wanted.isEmpty { return }
        var scan = MemberScan()
        let own = getpid()
        for name in try directoryEntries("/proc") {
            guard let pid = Int32(name), pid != own else { continue }
            for thread in try scan.threads(of: pid) {
                let path = "/proc/\(pid)/task/\(thread)/ns/net"
                guard let number = try scan.number(of: path, host: host), wanted.contains(number),
                    let namespace = try scan.look({ () throws(Errno) in try NetworkNamespace.open(path) })
                else { continue }
                // It may have moved between the two looks.
                let isSame = namespace.descriptor.withRaw { (try? host.namespaceNumber(of: $0)) == number }
                guard isSame else { continue }
                wanted.remove(number)
                try body(number, namespace)
                if wanted.isEmpty { return }
            }
        }
    }

    /// The numbers of all namespaces that threads of one process are in now.
    static func numbers(ofProcess pid: Int32, host: borrowing NetlinkSocket) throws(Errno) -> Set<Int32> {
        var scan = MemberScan()
        return try scan.numbers(ofProcess: pid, host: host)
    }

    private mutating func numbers(
        ofProcess pid: Int32, host: borrowing NetlinkSocket
    ) throws(Errno) -> Set<Int32> {
        var found: Set<Int32> = []
        for thread in try threads(of: pid) {
            if let number = try number(of: "/proc/\(pid)/task/\(thread)/ns/net", host: host) { found.insert(number) }
        }
        return found
    }

    private func threads(of pid: Int32) throws(Errno) -> [String] {
        do throws(Errno) {
            return try directoryEntries("/proc/\(pid)/task")
        } catch .noSuchFile {
            return []
        } catch .noSuchProcess {
            return []
        }
    }

    private mutating func number(of path: String, host: borrowing NetlinkSocket) throws(Errno) -> Int32? {
        // "net:[INODE]"; a process that has just ended has none.
        let link = try look { () throws(Errno) in try symbolicLink(path) }
        guard let link else { return nil }
        if let known = numbers[link] { return known }
        guard let namespace = try look({ () throws(Errno) in try NetworkNamespace.open(path) }) else { return nil }
        let number: Int32?
        do throws(NetlinkError) {
            number = try namespace.descriptor.withRaw { (raw) throws(NetlinkError) in try host.namespaceNumber(of: raw)
            }
        } catch {
            throw error.errno
        }
        // The thread may have moved between the two looks: what was opened is then not what the link said.
        if let inode = try? namespace.descriptor.identity().inode { numbers["net:[\(inode)]"] = .some(number) }
        return number
    }

    /// - Returns: nil where the thread has ended meanwhile.
    private func look<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(Errno) -> Value? {
        do throws(Errno) {
            return try body()
        } catch .noSuchFile {
            return nil
        } catch .noSuchProcess {
            return nil
        } catch .permissionDenied {
            // The answer for one that is gone altogether. A security module that hides a process gives it, too: it must not
            // stop every close of this host; a session with such a member ends as with a foreign holder.
            return nil
        }
    }
}
