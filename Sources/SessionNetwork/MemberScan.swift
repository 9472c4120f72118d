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
    /// How often it is looked for what is new, where what was listed has gone.
    private static let mostRounds = 8
    /// What each namespace, told by its inode, turned out to be in this scan.
    private var numbers: [String: Int32?] = [:]

    /// Looks at every thread once; `isOurs` says which numbers count, `met` hears of each member at once.
    ///
    /// - Throws: whatever keeps it from looking: "none" must never mean "could not look". EAGAIN where processes came and
    ///   went faster than they could be looked at.
    init(
        host: borrowing NetlinkSocket, isOurs: (Int32) -> Bool, met: (Member) -> Void = { _ in }
    ) throws(Errno) {
        let own = getpid()
        for _ in 0..<Self.mostRounds {
            let last = try lastProcess()
            try Self.lookAtEach(Self.processes) { (pid) throws(Errno) in
                // A thread of ours that has just left a namespace may still show in it.
                if pid == own { return true }
                guard let numbers = try numbers(ofProcess: pid, host: host) else { return false }
                for number in numbers where isOurs(number) {
                    members.insert(Member(number: number, pid: pid))
                    met(Member(number: number, pid: pid))
                }
                return true
            }
            // Where pids began from the start again, one that was looked at may mean another process by now, and one that
            // was forked may stand before its parent, where the list had been read already.
            if try lastProcess() >= last { return }
        }
        throw .wouldBlock
    }

    /// Has `look` look once at each number that `list` lists; it says whether that was still there.
    ///
    /// What has gone may have left a child, or a thread, that is not in the list. It is in the next one, after those that
    /// were there before: so where something has gone, there is another list, until all that is new in one was there.
    /// - Throws: what `look` throws; EAGAIN where that does not come about.
    private static func lookAtEach(
        _ list: () throws(Errno) -> [String], _ look: (Int32) throws(Errno) -> Bool
    ) throws(Errno) {
        var seen: Set<Int32> = []
        for _ in 0..<mostRounds {
            var isWhole = true
            for name in try list() {
                guard let number = Int32(name), seen.insert(number).inserted else { continue }
                if try !look(number) { isWhole = false }
            }
            if isWhole { return }
        }
        throw .wouldBlock
    }

    /// The process that was made last; proc_loadavg(5).
    private func lastProcess() throws(Errno) -> Int32 {
        let text = try readTextFile("/proc/loadavg")
        guard let last = text.split(whereSeparator: \.isWhitespace).last.flatMap({ Int32($0) }) else {
            throw .protocolError
        }
        return last
    }

    private init() {}

    /// Lends the namespaces of these numbers in which any thread stands, each once.
    ///
    /// - Throws: whatever keeps it from looking, and what `body` throws.
    static func visit(
        _ wanted: Set<Int32>, host: borrowing NetlinkSocket,
        _ body: (Int32, borrowing NetworkNamespace) throws(Errno) -> Void
    ) throws(Errno) {
        if wanted.isEmpty { return }
        var (scan, wanted) = (MemberScan(), wanted)
        let own = getpid()
        try lookAtEach(processes) { (pid) throws(Errno) in
            if wanted.isEmpty || pid == own { return true }
            return try lookAtThreads(of: pid) { (path) throws(Errno) in
                guard let seen = try scan.look(at: path, host: host) else { return false }
                guard let number = seen.number, wanted.contains(number) else { return true }
                guard let namespace = try scan.look({ () throws(Errno) in try NetworkNamespace.open(path) }) else {
                    return false
                }
                // It may have moved between the two looks.
                let isSame = namespace.descriptor.withRaw { (try? host.namespaceNumber(of: $0)) == number }
                if isSame {
                    wanted.remove(number)
                    try body(number, namespace)
                }
                return true
            }
        }
    }

    /// The numbers of all namespaces that threads of one process are in now.
    static func numbers(ofProcess pid: Int32, host: borrowing NetlinkSocket) throws(Errno) -> Set<Int32> {
        var scan = MemberScan()
        return try scan.numbers(ofProcess: pid, host: host) ?? []
    }

    /// - Returns: nil where no thread of it was there any more.
    private mutating func numbers(
        ofProcess pid: Int32, host: borrowing NetlinkSocket
    ) throws(Errno) -> Set<Int32>? {
        var found: Set<Int32> = []
        let isThere = try Self.lookAtThreads(of: pid) { (path) throws(Errno) in
            guard let seen = try look(at: path, host: host) else { return false }
            if let number = seen.number { found.insert(number) }
            return true
        }
        return isThere ? found : nil
    }

    /// Has `look` look at the namespace of each thread of a process; it says whether that thread was still there.
    ///
    /// - Returns: whether any was.
    private static func lookAtThreads(
        of pid: Int32, _ look: (String) throws(Errno) -> Bool
    ) throws(Errno) -> Bool {
        var isThere = false
        try lookAtEach({ () throws(Errno) in try threads(of: pid) }) { (thread) throws(Errno) in
            let wasThere = try look("/proc/\(pid)/task/\(thread)/ns/net")
            isThere = isThere || wasThere
            return wasThere
        }
        return isThere
    }

    private static func processes() throws(Errno) -> [String] { try directoryEntries("/proc") }

    /// - Returns: none of a process that has gone.
    private static func threads(of pid: Int32) throws(Errno) -> [String] {
        do throws(Errno) {
            return try directoryEntries("/proc/\(pid)/task")
        } catch .noSuchFile {
            return []
        } catch .noSuchProcess {
            return []
        }
    }

    /// A thread that stands somewhere, in a namespace with this number or without any.
    private struct Seen {
        let number: Int32?
    }

    /// - Returns: nil where the thread has ended; one that is not reaped yet has ended, too.
    private mutating func look(at path: String, host: borrowing NetlinkSocket) throws(Errno) -> Seen? {
        // "net:[INODE]"; a process that has just ended has none.
        let link = try look { () throws(Errno) in try symbolicLink(path) }
        guard let link else { return nil }
        if let known = numbers[link] { return Seen(number: known) }
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
        return Seen(number: number)
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
