import Addressing
import CLinux
import Glibc
import LinuxSystem
import Netlink

/// The lab's LAN as the benchmark uses it: the parent link, and addresses that no pool gives.
struct LAN {
    /// The link that sessions hang on.
    static let parent = "lan0"
    /// Length of the network part.
    static let prefixLength = 16
    /// The gateway.
    static let gateway = "10.77.0.1"
    /// What the pool gives: more addresses than a whole run opens sessions.
    static let poolRange = "10.77.4.1-10.77.127.254"
    /// The first address that neither the pool nor the lab's own members have.
    private static let firstUnused = "10.77.128.1"

    private let first: IPAddress
    private let router: IPAddress

    init() throws {
        guard let first = IPAddress(Self.firstUnused), let router = IPAddress(Self.gateway) else {
            throw BenchError("cannot read the benchmark's own addresses")
        }
        self.first = first
        self.router = router
    }

    /// An address that nobody has used yet, of up to 28,000.
    func address(unused index: Int) throws -> IPPrefix {
        guard index < 28_000, let address = first.advanced(by: index),
            let prefix = IPPrefix(address, length: Self.prefixLength)
        else { throw BenchError("no unused address is left") }
        return prefix
    }

    /// A session's link at that address, as the service would ask for it.
    func link(unused index: Int) throws -> SessionLink {
        let prefix = try address(unused: index)
        return SessionLink(
            parent: Self.parent, mode: .bridge, mac: MACAddress(virtualIP: prefix.address, farm: 0),
            addresses: [SessionAddress(prefix: prefix, gateway: router)])
    }

    /// Keeps the neighbour from answering and remembering thousands of addresses.
    ///
    /// It stands for other machines: its work is not this host's, and the machine's neighbour tables hold 1,024 entries.
    static func quietNeighbour() throws {
        try runToEnd(["ip", "-n", "neighbour", "link", "set", "eth0", "arp", "off"])
    }
}

/// Runs a program that is found in PATH and must succeed.
func runToEnd(_ words: [String]) throws {
    let child = try ChildProcess("/usr/bin/env", arguments: words, error: 2)
    guard try child.wait() == .exited(0) else { throw BenchError("'\(words.joined(separator: " "))' failed") }
}
