public import Addressing

/// A process that entered a session as its owner; the start time tells it from a later one with the same number.
public struct Leader: Hashable, Sendable {
    /// Process id in the host's PID namespace.
    public let pid: Int32
    /// Start time in clock ticks since boot; proc_pid_stat(5), field 22.
    public let startTicks: UInt64

    /// Names a process.
    public init(pid: Int32, startTicks: UInt64) {
        self.pid = pid
        self.startTicks = startTicks
    }
}

/// One address or one pair granted to one session, or an isolated session without an address.
///
/// It holds all that start-up needs to find, adopt or take apart the session, whatever the configuration says by then.
public struct Lease: Sendable, Hashable {
    /// The session that it belongs to.
    public let session: SessionID
    /// The boot in which the session lives; `/proc/sys/kernel/random/boot_id`.
    public let bootID: String
    /// The host's number for the namespace (nsid); never used twice in a boot.
    public let number: UInt32
    /// The namespace's SO_NETNS_COOKIE; nil until the helper has told it.
    public var cookie: UInt64?
    /// Name of the pool.
    public let pool: String
    /// The virtual IPs: one, or a pair with IPv4 first; none for an isolated session.
    public let addresses: [SessionAddress]
    /// Name of the parent link.
    public let parent: String
    /// How the macvlan link sees its neighbours on the parent link.
    public let macvlanMode: MacvlanMode
    /// Name of the user at the open.
    public let user: String
    /// Number of the user.
    public let uid: UInt32
    /// What opened the session: a PAM service name or a program of ours.
    public let service: String
    /// How it was asked for.
    public let mode: SessionMode
    /// Whose it is.
    public let scope: SessionScope
    /// What happens to members that outlive the leaders.
    public let leftovers: LeftoversPolicy
    /// Where the lease stands.
    public var phase: LeasePhase
    /// The leaders that have not ended; none while merely reserved.
    public var leaders: [Leader]
    /// When it was opened, in microseconds since 1970.
    public let openedAt: Int64
    /// When it was opened, in microseconds of CLOCK_BOOTTIME.
    public let openedBoot: Int64
    /// Until when the address rests, in microseconds of CLOCK_BOOTTIME; nil before it is held or quarantined.
    public var heldUntilBoot: Int64?
    /// Why the session ends, in the plan's own word for it; nil while it does not.
    public var endReason: String?

    /// Makes a lease from its parts.
    public init(
        session: SessionID, bootID: String, number: UInt32, cookie: UInt64? = nil, pool: String,
        addresses: [SessionAddress], parent: String, macvlanMode: MacvlanMode, user: String, uid: UInt32,
        service: String, mode: SessionMode, scope: SessionScope = .session, leftovers: LeftoversPolicy,
        phase: LeasePhase = .allocating, leaders: [Leader] = [], openedAt: Int64, openedBoot: Int64,
        heldUntilBoot: Int64? = nil, endReason: String? = nil
    ) {
        self.session = session
        self.bootID = bootID
        self.number = number
        self.cookie = cookie
        self.pool = pool
        self.addresses = addresses
        self.parent = parent
        self.macvlanMode = macvlanMode
        self.user = user
        self.uid = uid
        self.service = service
        self.mode = mode
        self.scope = scope
        self.leftovers = leftovers
        self.phase = phase
        self.leaders = leaders
        self.openedAt = openedAt
        self.openedBoot = openedBoot
        self.heldUntilBoot = heldUntilBoot
        self.endReason = endReason
    }

    /// The virtual IP that the session is known by: the IPv4 address of a pair; nil for an isolated session.
    public var address: IPAddress? { addresses.first?.address }

    /// The IPv6 address of a pair.
    public var pairedAddress: IPAddress? { addresses.dropFirst().first?.address }
}
