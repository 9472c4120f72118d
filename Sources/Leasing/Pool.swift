public import Addressing

/// A named set of virtual IPs with what a session needs to use one of them.
public struct Pool: Sendable, Hashable {
    /// The least time an address rests: DELNSID comes just before the devices go, so this covers the settling time.
    public static let minimumHold: Duration = .milliseconds(100)

    /// The name that rules and commands know it by.
    public var name: String
    /// The addresses to grant: excludes already cut out, ascending, none overlapping another.
    public var ranges: [IPRange]
    /// Length of the network part that a session's address is set with.
    public var prefixLength: Int
    /// The default gateway; nil where sessions reach their own network only.
    public var gateway: IPAddress?
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
    /// What a session's namespace gets before it has its link: settings, firewall.
    public var preparation: NamespacePreparation

    /// Makes a pool from parts that the configuration has checked.
    public init(
        name: String, ranges: [IPRange], prefixLength: Int, gateway: IPAddress?, parent: String,
        macvlanMode: MacvlanMode, hold: Duration, exhaustion: ExhaustionPolicy, leftovers: LeftoversPolicy,
        order: AllocationOrder = .longestFree, mtuBytes: Int? = nil, routes: [Route] = [],
        preparation: NamespacePreparation = NamespacePreparation()
    ) {
        self.name = name
        self.ranges = ranges
        self.prefixLength = prefixLength
        self.gateway = gateway
        self.parent = parent
        self.macvlanMode = macvlanMode
        self.hold = hold
        self.exhaustion = exhaustion
        self.leftovers = leftovers
        self.order = order
        self.mtuBytes = mtuBytes
        self.routes = routes
        self.preparation = preparation
    }

    /// Number of addresses; saturates at `UInt128.max`.
    public var total: UInt128 {
        ranges.reduce(0) { sum, range in
            let (next, overflow) = sum.addingReportingOverflow(range.count)
            return overflow ? UInt128.max : next
        }
    }
}
