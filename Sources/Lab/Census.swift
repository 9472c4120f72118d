internal import Glibc
public import LinuxSystem
internal import Netlink

/// Counts what sessions can leave behind, as far as the caller's `/proc` shows it.
///
/// Inside a lab that is the lab; outside it is the machine. `lsns` and slab counters are not enough for this.
public struct Census: Hashable, Sendable {
    /// Processes, but for the kernel's threads and those that have ended.
    public var processes: Set<ProcessIdentity> = []
    /// Inodes of network namespaces that a thread or a mount holds, and what holds each.
    public var namespaces: [UInt64: String] = [:]
    /// Mounts of network namespaces in every mount namespace: `net:[INODE] PLACE`.
    public var namespaceMounts: Set<String> = []
    /// Links of the caller's network namespace: `INDEX NAME`.
    public var links: Set<String> = []
    /// Pins of sessions and names for `ip netns`.
    public var names: Set<String> = []

    /// An empty one.
    public init() {}

    /// Counts what is there now.
    ///
    /// Reads only; opens no namespace and so keeps none alive.
    public static func take() -> Census {
        var census = Census()
        for process in ProcessScan.all() {
            if let identity = process.identity { census.processes.insert(identity) }
            for inode in process.namespaces() {
                census.namespaces[inode] = "process \(process.pid)"
            }
            for mount in process.namespaceMounts() {
                census.namespaceMounts.insert("net:[\(mount.inode)] \(mount.place)")
                census.namespaces[mount.inode, default: "mount '\(mount.place)'"] += ""
            }
        }
        if let links = try? NetlinkSocket().links() {
            census.links = Set(links.map { "\($0.index) \($0.name)" })
        }
        for directory in [LabPaths.pins, LabPaths.names] {
            let names = (try? directoryEntries(directory)) ?? []
            census.names.formUnion(names.map { "\(directory)/\($0)" })
        }
        return census
    }

    /// What is here and was not there `earlier`.
    public func difference(from earlier: Census) -> Census {
        var rest = Census()
        rest.processes = processes.subtracting(earlier.processes)
        rest.namespaces = namespaces.filter { earlier.namespaces[$0.key] == nil }
        rest.namespaceMounts = namespaceMounts.subtracting(earlier.namespaceMounts)
        rest.links = links.subtracting(earlier.links)
        rest.names = names.subtracting(earlier.names)
        return rest
    }

    /// Whether nothing is counted.
    public var isEmpty: Bool { self == Census() }
}

extension Census: CustomStringConvertible {
    /// `0 processes, 0 network namespaces, 0 pins and names, 0 links`; what is there is listed after each number.
    public var description: String {
        let processes = self.processes.map { "\($0.pid) \(ProcessScan(pid: $0.pid).name)" }
        let namespaces = self.namespaces.map { "\($0.key) held by \($0.value)" }
        return [
            Self.count(processes, "process", "processes"),
            Self.count(namespaces, "network namespace", "network namespaces"),
            Self.count(namespaceMounts, "mount", "mounts"),
            Self.count(names, "pin or name", "pins and names"),
            Self.count(links, "link", "links"),
        ].joined(separator: ", ")
    }

    private static func count(_ found: some Collection<String>, _ one: String, _ many: String) -> String {
        let list = found.isEmpty ? "" : " (\(found.sorted().prefix(5).joined(separator: ", ")))"
        return "\(found.count) \(found.count == 1 ? one : many)\(list)"
    }
}
