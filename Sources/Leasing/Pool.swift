public import Addressing

/// A named set of virtual IPs with what a session needs to use one of them.
public struct Pool: Sendable, Hashable {
    /// The least time an address rests: DELNSID comes just before the devices go, so this covers the settling time.
    public static let minimumHold: Duration = .milliseconds(100)

    /// The most name servers: as many as the C library asks; resolv.conf(5), MAXNS.
    public static let mostNameServers = 3

    /// The name that rules and commands know it by.
    public var name: String
    /// The addresses to grant: IPv4, IPv6, or IPv4 and then IPv6.
    ///
    /// With both, a session gets a pair: the nth address of the one goes with the nth of the other, always. So an IPv6
    /// address too keeps its MAC address, which is made of the IPv4 address.
    public var networks: [PoolNetwork]
    /// Name of the parent link.
    public var parent: String
    /// How sessions on the parent link see each other.
    public var macvlanMode: MacvlanMode
    /// How long an address rests after its session; `minimumHold` or more.
    public var hold: Duration
    /// What happens when no address is left.
    public var exhaustion: ExhaustionPolicy
    /// What happens to members that outlive the leaders.
    public var leftovers: LeftoversPolicy
    /// Which free address is granted next.
    public var order: AllocationOrder
    /// The largest packet of a session's link, in octets; nil for the parent link's.
    public var mtuBytes: Int?
    /// Networks that have another gateway than the default one.
    public var routes: [Route]
    /// Who answers in place of the host's name servers; none where sessions ask those.
    public var nameServers: [IPAddress]
    /// What a session's namespace gets before it has its link: settings, firewall.
    public var preparation: NamespacePreparation

    /// Makes a pool from parts that the configuration has checked.
    public init(
        name: String, networks: [PoolNetwork], parent: String, macvlanMode: MacvlanMode, hold: Duration,
        exhaustion: ExhaustionPolicy, leftovers: LeftoversPolicy,
        order: AllocationOrder = .longestFree, mtuBytes: Int? = nil, routes: [Route] = [],
        nameServers: [IPAddress] = [], preparation: NamespacePreparation = NamespacePreparation()
    ) {
        self.name = name
        self.networks = networks
        self.parent = parent
        self.macvlanMode = macvlanMode
        self.hold = hold
        self.exhaustion = exhaustion
        self.leftovers = leftovers
        self.order = order
        self.mtuBytes = mtuBytes
        self.routes = routes
        self.nameServers = nameServers
        self.preparation = preparation
    }

    /// How many sessions can have an address at one time: the places.
    ///
    /// Saturates at `UInt128.max`. Of a pair's two families the smaller one decides.
    public var total: UInt128 { networks.map(\.total).min() ?? 0 }

    /// What the session in a place gets: one address, or a pair with IPv4 first; empty past the end.
    public func addresses(at place: UInt128) -> [SessionAddress] {
        place < total ? networks.compactMap { $0.address(at: place) } : []
    }

    /// The place that an address belongs to; nil where the pool does not grant it.
    public func place(of address: IPAddress) -> UInt128? {
        networks.lazy.compactMap { $0.place(of: address) }.first.flatMap { $0 < total ? $0 : nil }
    }

    /// The places at which a range of one of the families begins, ascending.
    public var rangeStarts: [UInt128] { Set(networks.flatMap(\.rangeStarts)).filter { $0 < total }.sorted() }
}
