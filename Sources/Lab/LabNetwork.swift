internal import Addressing
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Netlink

/// The laboratory LAN: a switch, the lab's host on it with its parent link, and a neighbour that is the gateway too.
///
///     lab's host                switch                  neighbour
///     lan0 10.77.0.2  ───  port-host ═ lan ═ port-neighbour  ───  eth0 10.77.0.1, behind it 198.51.100.1
///          fd76:6970:6e73::2                                           fd76:6970:6e73::1, behind it 2001:db8::1
///
/// On a machine without IPv6 its addresses are left out. Each is a network namespace; `ip netns exec neighbour …` and `switch` work by their names in `/run/netns`.
public enum LabNetwork {
    /// The host's link that sessions hang on.
    public static let parentLink = "lan0"
    /// The host's own address.
    public static let hostAddress = "10.77.0.2"
    /// The neighbour's address, which is the gateway's.
    public static let neighbourAddress = "10.77.0.1"
    /// An address that is reached through the gateway only; RFC 5737.
    public static let farAddress = "198.51.100.1"
    /// The LAN's IPv6 network: a unique local one; RFC 4193.
    public static let prefix6 = "fd76:6970:6e73::/64"
    /// The host's own IPv6 address.
    public static let hostAddress6 = "fd76:6970:6e73::2"
    /// The neighbour's IPv6 address, which is the gateway's.
    public static let neighbourAddress6 = "fd76:6970:6e73::1"
    /// An IPv6 address that is reached through the gateway only; RFC 3849.
    public static let farAddress6 = "2001:db8::1"
    /// Whether the machine has IPv6, and so the lab: not when booted with `ipv6.disable=1`.
    public static var hasIPv6: Bool { unsafe access("/proc/sys/net/ipv6", F_OK) == 0 }
    /// The neighbour's name for `ip netns`.
    public static let neighbour = "neighbour"
    /// The switch's name for `ip netns`.
    public static let switchName = "switch"

    private static let bridge = "lan"
    private static let hostPort = "port-host"
    private static let neighbourPort = "port-neighbour"

    /// Builds it around the calling thread's namespace, which becomes the lab's host.
    ///
    /// - Throws: what failed; the lab is to be given up then.
    static func build(prefixLength: Int) throws(LabError) {
        let host = try attempt("open the lab's host") { () throws(Errno) in try NetworkNamespace.current() }
        let switchboard = try makeNamespace(named: switchName)
        let neighbour = try makeNamespace(named: Self.neighbour)
        let switchRaw = switchboard.descriptor.withRaw { $0 }
        try inside(switchboard) { (request, _) in request.createBridge(name: bridge) }
        try inside(host) { (request, _) in
            request.createVethPair(name: parentLink, peer: hostPort, peerPlace: .descriptor(switchRaw))
        }
        try inside(neighbour) { (request, _) in
            request.createVethPair(name: "eth0", peer: neighbourPort, peerPlace: .descriptor(switchRaw))
        }
        try inside(switchboard) { (request, links) in
            let lan = links[bridge] ?? 0
            request.setLink(index: lan, name: bridge, up: true)
            for port in [hostPort, neighbourPort] {
                request.attachLink(index: links[port] ?? 0, name: port, toBridge: lan)
                request.setLink(index: links[port] ?? 0, name: port, up: true)
            }
        }
        try inside(neighbour) { (request, links) in
            request.setUp("lo", links, addresses: ["\(farAddress)/32", "\(farAddress6)/128"])
            request.setUp("eth0", links, addresses: ["\(neighbourAddress)/\(prefixLength)", "\(neighbourAddress6)/64"])
        }
        try inside(host) { (request, links) in
            request.setUp("lo", links, addresses: [])
            request.setUp(parentLink, links, addresses: ["\(hostAddress)/\(prefixLength)", "\(hostAddress6)/64"])
            for gateway in [neighbourAddress, neighbourAddress6].compactMap({ IPAddress($0) }) where isCarried(gateway)
            {
                request.addDefaultRoute(gateway: gateway, linkIndex: links[parentLink] ?? 0)
            }
        }
    }

    /// Sends one request inside a namespace, built with the indices of the links that are there by now.
    private static func inside(
        _ namespace: borrowing NetworkNamespace,
        _ body: @escaping @Sendable (inout NetlinkRequest, [String: Int32]) -> Void
    ) throws(LabError) {
        let failure = try attempt("enter a namespace of the lab") { () throws(Errno) in
            try namespace.run { () throws(Errno) -> NetlinkError? in
                let socket = try NetlinkSocket()
                do throws(NetlinkError) {
                    let found = try socket.links().map { ($0.name, $0.index) }
                    var request = NetlinkRequest()
                    body(&request, Dictionary(found) { first, _ in first })
                    try socket.perform(request)
                    return nil
                } catch {
                    return error
                }
            }
        }
        if let failure { throw LabError("\(failure) (while building the lab)") }
    }

    fileprivate static func isCarried(_ address: IPAddress) -> Bool { address.family == .ipv4 || hasIPv6 }

    private static func makeNamespace(named name: String) throws(LabError) -> NetworkNamespace {
        let path = "\(LabPaths.names)/\(name)"
        return try attempt("make namespace '\(name)'") { () throws(Errno) in
            let namespace = try NetworkNamespace.make { () throws(Errno) in () }.intoNamespace()
            _ = try OwnedDescriptor.open(path, O_RDONLY | O_CREAT | O_EXCL, mode: 0o600)
            let source = namespace.descriptor.withRaw { "/proc/self/fd/\($0)" }
            try checked { unsafe vipns_bind_mount(source, path) }
            return namespace
        }
    }
}

extension NetlinkRequest {
    fileprivate mutating func setUp(_ link: String, _ links: [String: Int32], addresses: [String]) {
        let index = links[link] ?? 0
        setLink(index: index, name: link, up: true)
        for address in addresses.compactMap({ IPPrefix($0) }) where LabNetwork.isCarried(address.address) {
            addAddress(address, linkIndex: index, linkName: link)
        }
    }
}
