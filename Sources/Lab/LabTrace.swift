internal import Glibc
internal import LinuxSystem

/// What was in a lab when it was ended, so that it can be looked for on the machine afterwards.
///
/// Namespaces are told by their cookies: an inode number may belong to somebody else's new namespace by then.
struct LabTrace {
    private var processes: Set<ProcessIdentity> = []
    private var cookies: [UInt64: UInt64] = [:]

    /// Notes every process in the pid namespace of the lab's init, and every network namespace that these hold.
    init(ofLabWithInit pid: Int32) {
        guard let lab = ProcessScan(pid: pid).namespace("pid"), lab != ProcessScan(pid: getpid()).namespace("pid")
        else { return }
        // A lab that is ended while it is being built may still be in the machine's namespaces, or have copies of its mounts.
        let own = ProcessScan(pid: getpid())
        let machine = own.namespaces().union(own.namespaceMounts().map(\.inode))
        for process in ProcessScan.all() where process.namespace("pid") == lab {
            if let identity = process.identity { processes.insert(identity) }
            for thread in process.threads { note("\(thread)/ns/net") }
        }
        for mount in ProcessScan(pid: pid).namespaceMounts() where cookies[mount.inode] == nil {
            note("/proc/\(pid)/root\(mount.place)")
        }
        for inode in machine { cookies[inode] = nil }
    }

    private mutating func note(_ path: String) {
        guard let namespace = try? NetworkNamespace.open(path), let inode = try? namespace.descriptor.identity().inode,
            cookies[inode] == nil
        else { return }
        cookies[inode] = try? namespace.cookie()
    }

    /// What of it is still on the machine.
    func remains() -> Census {
        var census = Census()
        census.processes = processes.filter { known in
            ProcessScan(pid: known.pid).identity == known
        }
        for process in ProcessScan.all() {
            for thread in process.threads {
                note("\(thread)/ns/net", "process \(process.pid)", in: &census)
            }
            for mount in process.namespaceMounts() where cookies[mount.inode] != nil {
                let place = "/proc/\(process.pid)/root\(mount.place)"
                if note(place, "mount '\(mount.place)'", in: &census) {
                    census.namespaceMounts.insert("net:[\(mount.inode)] \(mount.place)")
                }
            }
        }
        return census
    }

    /// Opens a namespace only where its inode is one of the lab's: others must not be kept alive by our looking.
    @discardableResult
    private func note(_ path: String, _ holder: String, in census: inout Census) -> Bool {
        guard let inode = try? FileIdentity(path: path).inode, let cookie = cookies[inode],
            let namespace = try? NetworkNamespace.open(path), (try? namespace.cookie()) == cookie
        else { return false }
        census.namespaces[inode] = holder
        return true
    }
}
