public import Addressing
internal import CLinux
internal import Glibc
internal import LinuxSystem
public import Netlink
public import SessionNetwork
public import Testing

/// A host of its own around the calling thread: fresh network and mount namespaces, an empty `/run`, a parent link.
///
/// For an exit test's child only: the thread never goes back. All after it must be synchronous. `lan0` is the parent
/// link; its other end `p0` has 10.77.0.1 and is the LAN's one neighbour and gateway.
public final class TestHost {
    /// What is tested.
    public let networks: SessionNetworks
    /// Where the pins are.
    public static let pins = "/run/vipns/netns"
    /// Where their names are.
    public static let names = "/run/netns"
    private var lastNumber = SessionNetworks.firstNumber

    /// Runs `body` on a host of its own and holds what is there afterwards against what was there before.
    ///
    /// - Throws: what `body` throws.
    public static func run(
        sourceLocation: SourceLocation = #_sourceLocation, _ body: (TestHost) throws -> Void
    ) throws {
        let host = try TestHost()
        // The first program that runs may leave something that the C library opens once.
        try host.ip("link")
        let before = try host.census()
        do {
            try body(host)
        } catch {
            // An error that leaves an exit test's body reaches the report without its words.
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
        // A namespace and its number go a moment after the last hold on them.
        _ = try eventually(within: 5000) { try host.census() == before }
        let after = try host.census()
        // An exit test's child hands on comments and no values.
        #expect(after == before, "before: \(before), after: \(after)", sourceLocation: sourceLocation)
    }

    private init() throws {
        try checked { vipns_unshare(vipns_clone_newnet | vipns_clone_newns) }
        try checked { unsafe vipns_make_tree_private("/") }
        try checked { unsafe vipns_mount("tmpfs", "/run", "mode=755") }
        try checked { unsafe mkdir("/run/vipns", 0o755) }
        let pins = PinDirectory(path: Self.pins, namesPath: Self.names)
        networks = try SessionNetworks(pins: pins)
        try ip("link set lo up")
        try ip("link add lan0 type veth peer name p0")
        // Its own traffic would come between the frames that tests wait for.
        for link in ["lan0", "p0"] { try writeFile("/proc/sys/net/ipv6/conf/\(link)/disable_ipv6", "1") }
        try ip("link set lan0 up")
        try ip("link set p0 up")
        try ip("addr add 10.77.0.1/24 dev p0")
    }

    /// Runs `ip` with blank-separated words and fails where it fails.
    @discardableResult
    public func ip(_ words: String) throws -> String {
        try run("/usr/sbin/ip", words.split(separator: " ").map(String.init))
    }

    /// Runs a program and fails where it fails.
    @discardableResult
    public func run(_ program: String, _ arguments: [String]) throws -> String {
        let command = try Command.run(program, arguments)
        #expect(command.ending == .exited(0), "\(program) \(arguments): \(command.errors)")
        return command.output
    }

    /// A number that no session of this host had.
    public func nextNumber() -> Int32 {
        lastNumber += 1
        return lastNumber
    }

    /// A link as the service would ask for it, 10.77.0.`host`/24 on the parent link.
    public static func link(_ host: UInt8, parent: String = "lan0", mode: MacvlanLinkMode = .bridge) throws
        -> SessionLink
    {
        let address = IPAddress(ipv4: 0x0a4d_0000 + UInt32(host))
        return SessionLink(
            parent: parent, mode: mode, mac: MACAddress(virtualIP: address, farm: 0),
            addresses: [
                SessionAddress(
                    prefix: try #require(IPPrefix(address, length: 24)), gateway: IPAddress(ipv4: 0x0a4d_0001))
            ])
    }

    /// A link with the address in ``network6`` whose last octet is `host`.
    ///
    /// For a pair that of ``link(_:parent:mode:)`` stands before it.
    public static func link6(_ host: UInt8, isPair: Bool, hasGateway: Bool = true) throws -> SessionLink {
        let plain = try link(host)
        let address = IPAddress(ipv6: Self.network6 | UInt128(host))
        let six = SessionAddress(
            prefix: try #require(IPPrefix(address, length: 64)),
            gateway: hasGateway ? IPAddress(ipv6: Self.network6 | 1) : nil)
        return SessionLink(
            parent: plain.parent, mode: plain.mode,
            mac: isPair ? plain.mac : MACAddress(virtualIP: address, farm: 0),
            addresses: (isPair ? plain.addresses : []) + [six])
    }

    /// fd76:6970:6e73::, the network of ``link6(_:isPair:hasGateway:)``.
    public static let network6: UInt128 = 0xfd76_6970_6e73 << 80

    /// Gives the neighbour fd76:6970:6e73::1 and fe80::1, and nothing that comes by itself.
    public func carryIPv6() throws {
        for (name, value) in [("accept_ra", "0"), ("addr_gen_mode", "1"), ("disable_ipv6", "0")] {
            try writeFile("/proc/sys/net/ipv6/conf/p0/\(name)", value)
        }
        try ip("addr add fd76:6970:6e73::1/64 dev p0 nodad")
        try ip("addr add fe80::1/64 dev p0 nodad")
    }

    /// Makes a session that is not connected yet.
    public func make() throws -> Opened {
        let opened = Opened(session: .random(), number: nextNumber())
        _ = try networks.make(opened.session, number: opened.number)
        return opened
    }

    /// Makes and connects a session, and lets go of its descriptor.
    public func open(_ host: UInt8) throws -> Opened { try open(try Self.link(host)) }

    /// Makes and connects a session, and lets go of its descriptor.
    public func open(_ link: SessionLink) throws -> Opened {
        let opened = try make()
        _ = try networks.connect(opened.session, link: link)
        return opened
    }

    /// A session of this host.
    public struct Opened: Hashable, Sendable {
        /// Its name.
        public let session: SessionID
        /// Its namespace's number.
        public let number: Int32

        /// Puts the two together.
        public init(session: SessionID, number: Int32) {
            self.session = session
            self.number = number
        }

        /// Its pin.
        public var pin: String { "\(TestHost.pins)/\(session)" }
        /// Its name for `ip netns`.
        public var name: String { "vipns-\(session)" }
    }
}
