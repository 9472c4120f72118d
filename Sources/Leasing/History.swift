public import Addressing

/// What became of one request for a session: who had which address from when to when, or why not.
public struct HistoryRecord: Sendable, Hashable {
    /// Outcome of a session that got an address.
    public static let granted = "granted"
    /// Outcome of a session that got nothing but a loopback.
    public static let isolated = "isolated"
    /// Outcome of a session that went on with the host's network.
    public static let shared = "shared"
    /// Outcome of a session that was refused.
    public static let denied = "denied"
    /// Outcome of a session that could not be made.
    public static let failed = "failed"

    /// The session's id; may be empty where none was made.
    public var session: String
    /// The boot in which it was asked for.
    public var bootID: String
    /// Name of the user at that time.
    public var user: String
    /// Number of the user.
    public var uid: UInt32
    /// What asked: a PAM service name or a program of ours.
    public var service: String
    /// Name of the pool.
    public var pool: String
    /// The virtual IP, where one was chosen; the IPv4 address of a pair.
    public var address: IPAddress?
    /// The IPv6 address of a pair.
    public var pairedAddress: IPAddress?
    /// One of `granted`, `isolated`, `shared`, `denied` and `failed`.
    public var outcome: String
    /// When it was opened, in microseconds since 1970.
    public var openedAt: Int64
    /// When it was opened, in microseconds of CLOCK_BOOTTIME.
    public var openedBoot: Int64
    /// When its network was proved gone, in microseconds since 1970; nil while it lives.
    public var endedAt: Int64?
    /// The same in microseconds of CLOCK_BOOTTIME; nil also where the machine went down first.
    public var endedBoot: Int64?
    /// Why it ended, or was not made.
    public var reason: String?
    /// The store's number for the record, ascending in the order of storing; nil until it comes from a store.
    public var position: Int64?

    /// Makes a record from its parts.
    public init(
        session: String, bootID: String, user: String, uid: UInt32, service: String, pool: String, address: IPAddress?,
        pairedAddress: IPAddress? = nil, outcome: String, openedAt: Int64, openedBoot: Int64, endedAt: Int64? = nil,
        endedBoot: Int64? = nil,
        reason: String? = nil, position: Int64? = nil
    ) {
        self.session = session
        self.bootID = bootID
        self.user = user
        self.uid = uid
        self.service = service
        self.pool = pool
        self.address = address
        self.pairedAddress = pairedAddress
        self.outcome = outcome
        self.openedAt = openedAt
        self.openedBoot = openedBoot
        self.endedAt = endedAt
        self.endedBoot = endedBoot
        self.reason = reason
        self.position = position
    }

    /// The open record of a lease: granted, or isolated where it has no address.
    public init(opening lease: Lease) {
        self.init(
            session: lease.session.description, bootID: lease.bootID, user: lease.user, uid: lease.uid,
            service: lease.service, pool: lease.pool, address: lease.address, pairedAddress: lease.pairedAddress,
            outcome: lease.address == nil ? Self.isolated : Self.granted,
            openedAt: lease.openedAt, openedBoot: lease.openedBoot)
    }
}

/// Which history records to give; a record must match all that is set.
public struct HistoryQuery: Sendable, Hashable {
    /// Records of this virtual IP, alone or one of a pair.
    public var address: IPAddress?
    /// Records of the user with this name.
    public var user: String?
    /// Records of the user with this number.
    public var uid: UInt32?
    /// Records whose address was granted at this time (microseconds since 1970); refusals never match.
    public var at: Int64?
    /// Records that had not ended before this time (microseconds since 1970).
    public var since: Int64?
    /// Records that were opened before this time (microseconds since 1970).
    public var until: Int64?
    /// The most records to give.
    public var limit: Int
    /// Records older than this `HistoryRecord.position`: the last one of the page before.
    public var before: Int64?

    /// Asks for the newest records that match all that is given.
    public init(
        address: IPAddress? = nil, user: String? = nil, uid: UInt32? = nil, at: Int64? = nil, since: Int64? = nil,
        until: Int64? = nil, limit: Int = 100, before: Int64? = nil
    ) {
        self.address = address
        self.user = user
        self.uid = uid
        self.at = at
        self.since = since
        self.until = until
        self.limit = limit
        self.before = before
    }
}

/// Which records are old enough to be forgotten: those that every clock which can tell says so of.
///
/// The wall clock may be set wrong for a moment, and must not cost a year of history then.
public struct HistoryLimit: Sendable, Hashable {
    /// What ended before this time, in microseconds since 1970.
    public var real: Int64
    /// What ended before this time, in microseconds of CLOCK_BOOTTIME, where the end was in this boot.
    public var boot: Int64
    /// Whether what ended in former boots is meant: that hangs on the wall clock alone.
    public var includesFormerBoots: Bool

    /// Puts the clocks together.
    public init(real: Int64, boot: Int64, includesFormerBoots: Bool) {
        self.real = real
        self.boot = boot
        self.includesFormerBoots = includesFormerBoots
    }
}
