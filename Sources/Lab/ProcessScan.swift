internal import LinuxSystem

/// One process of the caller's `/proc`, read as the census needs it; all may vanish while it is read.
struct ProcessScan {
    let pid: Int32

    /// All processes but the kernel's threads.
    static func all() -> [ProcessScan] {
        let names = (try? directoryEntries("/proc")) ?? []
        return names.compactMap { Int32($0) }.map { ProcessScan(pid: $0) }
    }

    /// Nil for one that has ended, reaped or not, and for a thread of the kernel.
    var identity: ProcessIdentity? {
        // Neither a zombie nor a kernel thread has memory, and so no program.
        readSymbolicLink("/proc/\(pid)/exe") == nil ? nil : ProcessIdentity(pid: pid)
    }

    var name: String { programName(ofProcess: pid) ?? "" }

    /// The inode of one of its namespaces, such as `pid` or `net`.
    func namespace(_ kind: String) -> UInt64? { Self.inode(readSymbolicLink("/proc/\(pid)/ns/\(kind)")) }

    /// The inodes of the network namespaces that its threads are in.
    func namespaces() -> Set<UInt64> {
        Set(threads.compactMap { Self.inode(readSymbolicLink("\($0)/ns/net")) })
    }

    /// The directories of its threads.
    var threads: [String] {
        ((try? directoryEntries("/proc/\(pid)/task")) ?? []).map { "/proc/\(pid)/task/\($0)" }
    }

    /// A mount that names a network namespace.
    struct NamespaceMount: Hashable {
        let inode: UInt64
        let place: String
    }

    /// The network namespaces that are mounted in its mount namespace.
    func namespaceMounts() -> [NamespaceMount] {
        guard let text = try? readFile("/proc/\(pid)/mountinfo", limit: 1 << 24) else { return [] }
        return String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { line in
            // proc_pid_mountinfo(5): number, parent, device, root within the file system, place.
            let fields = line.split(separator: " ", maxSplits: 5)
            guard fields.count > 4, let inode = Self.inode(String(fields[3])) else { return nil }
            return NamespaceMount(inode: inode, place: String(fields[4]))
        }
    }

    /// The number of descriptors that it has open, and of those that hold a network namespace other than its own.
    func descriptors() -> (all: Int, namespaces: Int) {
        let entries = (try? directoryEntries("/proc/\(pid)/fd")) ?? []
        let own = namespace("net")
        let held = entries.compactMap { readSymbolicLink("/proc/\(pid)/fd/\($0)") }.filter { $0.hasPrefix("net:") }
        return (entries.count, held.count { Self.inode($0) != own })
    }

    /// The number in `net:[4026531840]`.
    private static func inode(_ text: String?) -> UInt64? {
        guard let text, text.hasPrefix("net:") || text.hasPrefix("pid:"), text.hasSuffix("]"),
            let start = text.firstIndex(of: "[")
        else { return nil }
        return UInt64(text[text.index(after: start)...].dropLast())
    }
}
