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
    init(host: borrowing NetlinkSocket, isOurs: (Int32) -> Bool) {
        for name in (try? directoryEntries("/proc")) ?? [] {
            guard let pid = Int32(name) else { continue }
            for number in numbers(ofProcess: pid, host: host) where isOurs(number) {
                members.insert(Member(number: number, pid: pid))
            }
        }
    }

    private init() {}

    /// The numbers of all namespaces that threads of one process are in now.
    static func numbers(ofProcess pid: Int32, host: borrowing NetlinkSocket) -> Set<Int32> {
        var scan = MemberScan()
        return scan.numbers(ofProcess: pid, host: host)
    }

    private mutating func numbers(ofProcess pid: Int32, host: borrowing NetlinkSocket) -> Set<Int32> {
        var found: Set<Int32> = []
        for thread in (try? directoryEntries("/proc/\(pid)/task")) ?? [] {
            if let number = number(of: "/proc/\(pid)/task/\(thread)/ns/net", host: host) { found.insert(number) }
        }
        return found
    }

    private mutating func number(of path: String, host: borrowing NetlinkSocket) -> Int32? {
        // "net:[INODE]"; a process that has just ended, or a kernel thread, has none.
        guard let link = readSymbolicLink(path) else { return nil }
        if let known = numbers[link] { return known }
        guard let namespace = try? NetworkNamespace.open(path) else { return nil }
        let number = namespace.descriptor.withRaw { try? host.namespaceNumber(of: $0) }
        // The thread may have moved between the two looks: what was opened is then not what the link said.
        if let inode = try? namespace.descriptor.identity().inode { numbers["net:[\(inode)]"] = .some(number) }
        return number
    }
}
