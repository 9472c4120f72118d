internal import Foundation
internal import Glibc
internal import LinuxSystem
internal import SessionNetwork
internal import Testing

extension TestHost {
    /// All that a session could leave behind on this host.
    ///
    /// Numbers stand for namespaces: in a fresh host every session's namespace has one as long as anything at all holds
    /// it, while a list of inodes over all processes would show whatever else this machine does at the time.
    public struct Census: Hashable {
        let numbers: Set<Int>
        let links: Set<String>
        let namespaceMounts: Set<String>
        let pins: Set<String>
        let names: Set<String>
        let descriptors: Set<Int32>
    }

    /// What is there now, as `ip` and /proc tell it.
    ///
    /// - Throws: what failed.
    public func census() throws -> Census {
        Census(
            numbers: try numbers(), links: Set(try links().map(\.ifname)), namespaceMounts: try namespaceMounts(),
            pins: Set(try directoryEntries(Self.pins)), names: Set(try directoryEntries(Self.names)),
            descriptors: try openDescriptors())
    }

    /// The namespace numbers of this host that are the sessions'.
    ///
    /// The kernel itself numbers the host 0 in the host when links of a session are listed from there.
    public func numbers() throws -> Set<Int> {
        struct Entry: Decodable { let nsid: Int }
        let numbers = try decode([Entry].self, try ip("-json netns list-id")).map(\.nsid)
        return Set(numbers.filter { $0 >= SessionNetworks.firstNumber })
    }

    /// Namespaces that are mounted.
    private func namespaceMounts() throws -> Set<String> {
        // The thread's own: /proc/self is the process's first thread, which stayed outside.
        let mounts = try readTextFile("/proc/thread-self/mountinfo").split(separator: "\n")
        return Set(mounts.filter { $0.contains(" - nsfs ") }.map(String.init))
    }

    /// One link as `ip -json addr` shows it.
    public struct Link: Decodable, Hashable {
        /// The index.
        public let ifindex: Int
        /// The name.
        public let ifname: String
        /// The MAC address.
        public let address: String?
        /// `UP` and others.
        public let flags: Set<String>
        /// The addresses.
        public let addresses: Set<Address>

        private enum CodingKeys: String, CodingKey {
            case ifindex, ifname, address, flags
            case addresses = "addr_info"
        }
    }

    /// One address as `ip -json addr` shows it.
    public struct Address: Decodable, Hashable {
        /// The address.
        public let local: String
        /// The length of the network part.
        public let prefixlen: Int
        /// The broadcast address.
        public let broadcast: String?

        /// Puts the facts together.
        public init(local: String, prefixlen: Int, broadcast: String? = nil) {
            self.local = local
            self.prefixlen = prefixlen
            self.broadcast = broadcast
        }
    }

    /// The links of this host or, by its name for `ip netns`, of a session, in the kernel's order.
    public func links(of name: String? = nil) throws -> [Link] {
        try decode([Link].self, try ip("\(name.map { "netns exec \($0) ip " } ?? "")-json addr"))
    }

    /// Reads what `ip -json` wrote; it writes nothing at all for an empty list.
    public func decode<Value: Decodable>(_ type: [Value].Type, _ text: String) throws -> [Value] {
        text.allSatisfy(\.isWhitespace) ? [] : try JSONDecoder().decode(type, from: Data(text.utf8))
    }
}
