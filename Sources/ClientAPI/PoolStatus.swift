/// What a pool has of one address family; `type PoolNetwork` of io.vipns.
public struct PoolNetworkStatus: Codable, Hashable, Sendable {
    /// Its ranges, `FIRST-LAST` each.
    public let ranges: [String]
    /// The prefix length of its network.
    public let prefixLength: Int
    /// The default gateway.
    public let gateway: String?

    /// Puts the fields together.
    public init(ranges: [String], prefixLength: Int, gateway: String? = nil) {
        self.ranges = ranges
        self.prefixLength = prefixLength
        self.gateway = gateway
    }
}

/// A pool and what is left of it; `type Pool` of io.vipns.
public struct PoolStatus: Codable, Hashable, Sendable {
    /// The name in the configuration.
    public let name: String
    /// IPv4, IPv6, or IPv4 and then IPv6.
    public let networks: [PoolNetworkStatus]
    /// The parent link.
    public let parent: String
    /// The mode of the macvlan links: `bridge`, `private`, `vepa`.
    public let macvlanMode: String
    /// What happens when it is empty: `share`, `isolate`, `deny`.
    public let exhaustion: String
    /// What happens to processes that are left at a session's end.
    public let leftovers: Session.Leftovers
    /// How long an address rests after its session.
    public let holdMilliseconds: Int
    /// Which free address is next: `longest-free`, `lowest`, `random`.
    public let order: String
    /// The largest packet of a session, in octets; nil for the parent link's.
    public let mtu: Int?
    /// Networks with another gateway, `PREFIX via ADDRESS` each.
    public let routes: [String]
    /// Name servers that its sessions ask in place of the host's.
    public let nameServers: [String]
    /// Kernel settings of its sessions, `NAME = VALUE` each.
    public let sysctls: [String]
    /// Names of kernel settings that its sessions get from the host.
    public let inherited: [String]
    /// The path of its sessions' firewall.
    public let firewall: String?
    /// Addresses in the pool, or pairs.
    public let total: Int
    /// Addresses that may be granted now.
    public let free: Int
    /// Addresses of sessions that are not wholly gone.
    public let leased: Int
    /// Addresses that rest after their session.
    public let held: Int
    /// Addresses that something else has.
    public let quarantined: Int
    /// The most addresses that were not free at one time.
    public let peak: Int
    /// When that was, in microseconds since 1970 UTC; nil where none ever was.
    public let peakAt: Int64?
    /// Requests that no address was left for.
    public let refusals: Int
    /// The last of them, in microseconds since 1970 UTC.
    public let lastRefusal: Int64?
    /// Since when both are counted, in microseconds since 1970 UTC; nil where nothing was yet.
    public let countedSince: Int64?

    /// Puts the fields together.
    public init(
        name: String, networks: [PoolNetworkStatus], parent: String, macvlanMode: String, exhaustion: String,
        leftovers: Session.Leftovers, holdMilliseconds: Int, order: String, mtu: Int? = nil, routes: [String] = [],
        nameServers: [String] = [],
        sysctls: [String] = [], inherited: [String] = [], firewall: String? = nil, total: Int, free: Int, leased: Int,
        held: Int, quarantined: Int, peak: Int = 0, peakAt: Int64? = nil, refusals: Int = 0, lastRefusal: Int64? = nil,
        countedSince: Int64? = nil
    ) {
        self.name = name
        self.networks = networks
        self.parent = parent
        self.macvlanMode = macvlanMode
        self.exhaustion = exhaustion
        self.leftovers = leftovers
        self.holdMilliseconds = holdMilliseconds
        self.order = order
        self.mtu = mtu
        self.routes = routes
        self.nameServers = nameServers
        self.sysctls = sysctls
        self.inherited = inherited
        self.firewall = firewall
        self.total = total
        self.free = free
        self.leased = leased
        self.held = held
        self.quarantined = quarantined
        self.peak = peak
        self.peakAt = peakAt
        self.refusals = refusals
        self.lastRefusal = lastRefusal
        self.countedSince = countedSince
    }
}
