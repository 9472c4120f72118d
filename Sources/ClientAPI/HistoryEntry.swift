/// One session as it is remembered; `type Record` of io.vipns.
public struct HistoryEntry: Codable, Hashable, Sendable {
    /// The session.
    public let id: String
    /// The boot in which it was opened; random/boot_id.
    public let boot: String
    /// Whose session it was.
    public let user: String
    /// That user's number.
    public let uid: UInt32
    /// What opened it.
    public let service: String
    /// The pool that was asked.
    public let pool: String
    /// The virtual IP, where it got one; IPv4 where it got a pair.
    public let address: String?
    /// The IPv6 address of a pair.
    public let pairedAddress: String?
    /// What came of the open: an ``Method/Open/Outcome``, or why there was none.
    public let outcome: String
    /// When it was opened, in microseconds since 1970 UTC.
    public let opened: Int64
    /// When it was opened, in microseconds since boot.
    public let openedBoot: Int64
    /// When it ended, in microseconds since 1970 UTC; nil while it lives.
    public let ended: Int64?
    /// When it ended, in microseconds since boot; nil while it lives.
    public let endedBoot: Int64?
    /// How it ended, or why it never began.
    public let reason: String?

    /// Puts the fields together.
    public init(
        id: String, boot: String, user: String, uid: UInt32, service: String, pool: String, address: String? = nil,
        pairedAddress: String? = nil, outcome: String, opened: Int64, openedBoot: Int64, ended: Int64? = nil,
        endedBoot: Int64? = nil,
        reason: String? = nil
    ) {
        self.id = id
        self.boot = boot
        self.user = user
        self.uid = uid
        self.service = service
        self.pool = pool
        self.address = address
        self.pairedAddress = pairedAddress
        self.outcome = outcome
        self.opened = opened
        self.openedBoot = openedBoot
        self.ended = ended
        self.endedBoot = endedBoot
        self.reason = reason
    }
}
