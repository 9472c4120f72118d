// Theory of operation
//
// A session's kernel objects are a network namespace, its number in the host, a pin with a name for `ip netns`, and
// inside one macvlan link with its addresses and routes. They are made in two steps, because the second may only happen
// once the service has stored its intent:
//
//   make     a thread of its own enters a new namespace, loads the pool's firewall, writes settings and opens a netlink
//            socket there; the thread ends, the socket stays inside. The host then numbers the namespace and pins it.
//   connect  for a session with IPv6 a thread inside switches it on for links to come. Then one sendmsg on that socket
//            makes link, addresses and routes and sets lo up, and the socket is closed: it would keep the namespace alive.
//            Older kernels make the link in the host first: LinkIdentity tells what it is called there.
//
// Nothing here remembers a session beyond these two steps: the pin, the number and /proc tell everything, so that this
// code may be killed and started again at any point. Who calls decides; everything may be called twice.

public import Addressing
internal import Glibc
public import LinuxSystem
internal import Neighbors
public import Netlink

/// The kernel objects of all sessions on this host: made, connected, listed, ended.
///
/// Needs NET_ADMIN, NET_RAW, SYS_ADMIN, SYS_PTRACE and KILL in the host's namespaces. For use by one thread.
public final class SessionNetworks {
    /// The lowest number that a session's namespace gets in the host; below are those that the kernel chooses itself.
    public static let firstNumber: Int32 = 0x100000
    /// The session's link, in its namespace.
    public static let linkName = "eth0"
    /// How many sessions may wait between the two steps: more than the service ever has.
    private static let mostMade = 256
    static let loopbackIndex: Int32 = 1

    let pins: PinDirectory
    let host: NetlinkSocket
    let hostNamespace: NetworkNamespace
    private let packets: PacketSocket
    private var probes: AddressProbes
    private var sysctlSource = SysctlSource()
    /// Made and not yet connected; each holds its namespace alive.
    private var made: [SessionID: Made] = [:]

    /// A namespace between the two steps, and the socket that was opened in it.
    private final class Made: Sendable {
        let namespace: NetworkNamespace
        let inside: Inside
        let identity: LinkIdentity
        let sysctls: SessionSysctls
        init(
            namespace: consuming NetworkNamespace, inside: Inside, identity: LinkIdentity, sysctls: SessionSysctls
        ) {
            self.namespace = namespace
            self.inside = inside
            self.identity = identity
            self.sysctls = sysctls
        }
    }

    /// What the thread inside leaves behind.
    private final class Inside: Sendable {
        let route: NetlinkSocket
        let cookie: UInt64
        init(route: consuming NetlinkSocket, cookie: UInt64) {
            self.route = route
            self.cookie = cookie
        }
    }

    /// Opens the sockets in the calling thread's namespace, which is the host's from then on, and prepares the pins.
    ///
    /// - Throws: what failed.
    public init(pins: PinDirectory) throws(NetworkError) {
        self.pins = pins
        do throws(Errno) {
            host = try NetlinkSocket()
            hostNamespace = try NetworkNamespace.current()
            packets = try PacketSocket()
            probes = try AddressProbes()
        } catch {
            throw NetworkError("open sockets in the host's namespace", error, hint: "CAP_NET_RAW is needed")
        }
        try pins.prepare()
    }

    /// Why settings are written through the host's own /proc, where an open gets slower with each session that is there; nil
    /// where they need not be.
    public var lacksPrivateProc: Errno? { sysctlSource.failure }

    /// What the next session's settings are written through.
    func sysctls() -> SessionSysctls { sysctlSource.next() }

    /// First step: a new namespace with its firewall and settings, its number in the host and its pin.
    ///
    /// Whether root may load that firewall is for the caller to know; here it is only made sure that nobody else than
    /// root can have written it.
    /// - Returns: the namespace's cookie.
    /// - Throws: what failed; nothing is left then.
    public func make(
        _ session: SessionID, number: Int32, preparation: NamespacePreparation = NamespacePreparation()
    ) throws(NetworkError) -> UInt64 {
        guard made.count < Self.mostMade else {
            throw NetworkError("make session '\(session)'", .noBufferSpace, hint: "too many are made and not connected")
        }
        let new = try Self.makeNamespace(preparation, LinkIdentity(session: session, number: number), sysctls())
        // The number first: only a numbered namespace tells when it is gone.
        var numbering = NetlinkRequest(capacity: 256)
        new.namespace.descriptor.withRaw { numbering.assignNumber(number, toNamespace: $0) }
        do throws(NetlinkError) {
            try host.perform(numbering)
        } catch {
            throw NetworkError(error)
        }
        try pins.add(session, namespace: new.namespace)
        made[session] = new
        return new.inside.cookie
    }

    private static func makeNamespace(
        _ preparation: NamespacePreparation, _ identity: LinkIdentity, _ sysctls: SessionSysctls
    ) throws(NetworkError) -> Made {
        // Before anything is made, and with the host's values, which this thread sees.
        let firewall = try preparation.firewall.map { (path) throws(NetworkError) in try SessionFirewall(path: path) }
        try SessionSysctls.check(preparation.settings.map(\.name) + preparation.inherited)
        let nameServers = NameServerRules(preparation.nameServers)
        let inherited = try sysctls.readInherited(preparation.inherited)
        let new: NetworkNamespace.Made<Result<Inside, NetworkError>>
        do throws(Errno) {
            new = try NetworkNamespace.make { () throws(Errno) -> Result<Inside, NetworkError> in
                do throws(NetworkError) {
                    try prepareInside(firewall, nameServers, sysctls, preparation.settings, inherited: inherited)
                } catch {
                    return .failure(error)
                }
                return .success(
                    Inside(route: try NetlinkSocket(), cookie: try NetworkNamespace.cookieOfCallingThread()))
            }
        } catch {
            let hint = error == .noSpace ? "user.max_net_namespaces is reached" : nil
            throw NetworkError("make a network namespace", error, hint: hint)
        }
        let inside = try new.result.get()
        return Made(namespace: new.intoNamespace(), inside: inside, identity: identity, sysctls: sysctls)
    }

    /// Second step: the link with its addresses and routes where `link` is given, and lo in any case.
    ///
    /// - Returns: the namespace's descriptor, for the session's leader.
    /// - Throws: what failed; EADDRINUSE tells the case in which another address may help. The
    ///   namespace is left pinned, for ``dismantle(_:number:)``.
    public func connect(_ session: SessionID, link: SessionLink?) throws(NetworkError) -> OwnedDescriptor {
        guard let made = made.removeValue(forKey: session) else {
            throw NetworkError("connect session '\(session)'", .noSuchFile, hint: "it was not made, or is connected")
        }
        if let link {
            let parentIndex = try ParentLink.index(of: link.parent)
            if let six = link.addresses.first(where: { $0.address.family == .ipv6 }) {
                try allowIPv6(six.address, in: made.namespace, made.sysctls)
            }
            try perform(connecting(link, made.identity, parentIndex: parentIndex), on: made.inside.route)
            announce(link, parentIndex: parentIndex)
        } else {
            var request = NetlinkRequest(capacity: 256)
            request.setLink(index: Self.loopbackIndex, name: "lo", up: true)
            try perform(request, on: made.inside.route)
        }
        do throws(Errno) {
            return try made.namespace.descriptor.duplicate()
        } catch {
            throw NetworkError("duplicate a descriptor", error)
        }
    }

    /// On the thread inside.
    ///
    /// The firewall comes first: it may be what loads the module whose settings the pool gives.
    private static func prepareInside(
        _ firewall: SessionFirewall?, _ nameServers: NameServerRules?, _ sysctls: SessionSysctls,
        _ settings: [NetworkSetting], inherited: [NetworkSetting]
    ) throws(NetworkError) {
        try firewall?.load()
        try nameServers?.load(sysctls)
        try sysctls.write(settings, inherited: inherited)
    }

    /// The one batch: the host gets number 0 inside, so that the link can be made on the host's parent link from there.
    private func connecting(_ link: SessionLink, _ identity: LinkIdentity, parentIndex: Int32) -> NetlinkRequest {
        // 76 octets a route of IPv6.
        var request = NetlinkRequest(capacity: 1024 + 80 * link.routes.count)
        hostNamespace.descriptor.withRaw { request.assignNumber(0, toNamespace: $0) }
        request.createMacvlan(link, identity, parentIndex: parentIndex, parentNamespace: 0)
        request.setLink(index: Self.loopbackIndex, name: "lo", up: true)
        for address in Self.prefixes(of: link) {
            request.addAddress(address, linkIndex: identity.index, linkName: Self.linkName)
        }
        for gateway in link.addresses.compactMap(\.gateway) {
            request.addDefaultRoute(gateway: gateway, linkIndex: identity.index)
        }
        for route in link.routes { request.addRoute(route, linkIndex: identity.index) }
        return request
    }

    /// The session's addresses, and before the first one of IPv6 the link-local one of its MAC address.
    ///
    /// Multicast listener reports then have a source from the first on; switches drop those from `::`; RFC 3590.
    static func prefixes(of link: SessionLink) -> [IPPrefix] {
        var prefixes = link.addresses.map(\.prefix)
        if let index = prefixes.firstIndex(where: { $0.address.family == .ipv6 }),
            let linkLocal = IPPrefix(link.mac.linkLocalAddress, length: 64)
        {
            prefixes.insert(linkLocal, at: index)
        }
        return prefixes
    }

    /// On a thread inside, while there is no link yet.
    private func allowIPv6(
        _ address: IPAddress, in namespace: borrowing NetworkNamespace, _ sysctls: SessionSysctls
    ) throws(NetworkError) {
        let written: Result<Void, NetworkError>
        do throws(Errno) {
            written = try namespace.run { () throws(Errno) in
                Result { () throws(NetworkError) in try sysctls.allowIPv6(for: address) }
            }
        } catch {
            throw NetworkError("enter a session's namespace", error)
        }
        try written.get()
    }

    /// Tells switches and neighbours where the address is now, and the gateway by a packet that it must answer; and asks
    /// whether another machine has it, too.
    ///
    /// Sent from the parent link in the session's name: a packet socket of the session's own would cost its open several
    /// milliseconds when it is closed. A frame that cannot be sent is no failure: the session's own traffic tells too.
    func announce(_ link: SessionLink, parentIndex: Int32) {
        for address in link.addresses {
            for frame in Announcement.frames(of: address.address, at: link.mac, gateway: address.gateway) {
                try? packets.send(frame, onLink: parentIndex)
            }
            try? probes.ask(for: address.address, onLink: link.parent, index: parentIndex, by: packets)
        }
    }

    /// Lends the number of the descriptor that tells, for poll(2), when ``claims()`` has something.
    public func withRawProbes<Result>(_ body: (Int32) -> Result) -> Result { probes.withRaw(body) }

    /// Addresses that were announced in the last seconds, and that another machine has answered for; IPv4 alone.
    public func claims() -> [(address: IPAddress, mac: MACAddress)] { probes.claims().map { ($0.address, $0.mac) } }

    private func perform(
        _ request: consuming NetlinkRequest, on socket: borrowing NetlinkSocket
    ) throws(NetworkError) {
        do throws(NetlinkError) {
            try socket.perform(request)
        } catch {
            throw NetworkError(error)
        }
    }

    /// Drops what is made and not connected: its sockets would keep the namespaces alive.
    public func forgetMade(_ session: SessionID? = nil) {
        if let session {
            made[session] = nil
        } else {
            made = [:]
        }
    }
}
