import LinuxSystem

/// Finds the sockets of a session by what /proc tells of its processes.
///
/// It needs no privilege and asks nobody: root sees all, others what is theirs. The service could not look, and the helper
/// parses nothing that it need not.
struct SocketScan {
    /// All sockets but those that nobody waits for any more (TIME-WAIT), those that serve first.
    private(set) var sockets: [SessionSocket] = []
    /// Whether some process could not be looked into: it is another user's.
    private(set) var isPartial = false

    /// Looks at the session that has these processes; nil where none of them shows its network.
    init?(members: [Int32]) {
        guard let place = Self.place(of: members) else { return nil }
        for file in ["tcp", "tcp6", "udp", "udp6"] {
            // A host without IPv6 has two files less.
            guard let octets = try? readFile("\(place)/net/\(file)", limit: 64 << 20) else { continue }
            let name = String(file.prefix(3))
            for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
                guard let socket = SessionSocket(line: line, protocol: name), socket.state != "time-wait" else {
                    continue
                }
                sockets.append(socket)
            }
        }
        findOwners(among: members)
        sockets.sort {
            ($0.isServing ? 0 : 1, $0.protocol, $0.port, $0.address) < (
                $1.isServing ? 0 : 1, $1.protocol, $1.port, $1.address
            )
        }
    }

    /// A thread that stands in the session, as a folder of /proc.
    ///
    /// A process is a member by one of its threads; another one may stand elsewhere. What all members have in common is the
    /// session; where that leaves a choice it is not where this program stands, which is no member with several threads.
    private static func place(of members: [Int32]) -> String? {
        var threads: [String: String] = [:]
        var common: Set<String>?
        var unread: String?
        for member in members {
            var links: Set<String> = []
            for thread in (try? directoryEntries("/proc/\(member)/task")) ?? [] {
                let place = "/proc/\(member)/task/\(thread)"
                guard let link = readSymbolicLink("\(place)/ns/net") else {
                    // Not ours to look into, or just ended: which of its threads is meant cannot be told.
                    unread = unread ?? place
                    continue
                }
                links.insert(link)
                threads[link] = place
            }
            if !links.isEmpty { common = common?.intersection(links) ?? links }
        }
        guard var common else { return unread }
        if common.count > 1, let own = readSymbolicLink("/proc/thread-self/ns/net") { common.remove(own) }
        return common.first.flatMap { threads[$0] }
    }

    private mutating func findOwners(among members: [Int32]) {
        var owners: [UInt64: [SessionSocket.Process]] = [:]
        for member in members {
            guard let descriptors = try? directoryEntries("/proc/\(member)/fd") else {
                isPartial = true
                continue
            }
            let inodes = Set(descriptors.compactMap { Self.inode(readSymbolicLink("/proc/\(member)/fd/\($0)")) })
            if inodes.isEmpty { continue }
            let process = SessionSocket.Process(pid: member, name: programName(ofProcess: member) ?? "?")
            for inode in inodes { owners[inode, default: []].append(process) }
        }
        for index in sockets.indices where sockets[index].inode != 0 {
            sockets[index].processes = owners[sockets[index].inode] ?? []
        }
    }

    /// `socket:[12345]`.
    private static func inode(_ link: String?) -> UInt64? {
        guard let link, link.hasPrefix("socket:["), link.hasSuffix("]") else { return nil }
        return UInt64(link.dropFirst("socket:[".count).dropLast())
    }
}
