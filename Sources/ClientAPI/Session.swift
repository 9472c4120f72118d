/// A session as clients see it; `type Session` of io.vipns.
public struct Session: Codable, Hashable, Sendable {
    /// Eight characters, unique among the living and the remembered.
    public let id: String
    /// Where in its life it is.
    public let state: State
    /// How it was opened.
    public let mode: Mode
    /// Whose it is.
    public let scope: Scope
    /// The pool that its address is from.
    public let pool: String
    /// The virtual IP, IPv4 where it has a pair; nil where the session has a private loopback alone.
    public let address: String?
    /// The prefix length of the address.
    public let prefixLength: Int?
    /// The IPv6 address of a pair; nil where the session has one address or none.
    public let pairedAddress: String?
    /// The prefix length of that.
    public let pairedPrefixLength: Int?
    /// The parent link of its macvlan link.
    public let parent: String?
    /// The MAC address of its macvlan link.
    public let mac: String?
    /// Whose session it is.
    public let user: String
    /// That user's number.
    public let uid: UInt32
    /// What opened it, such as `sshd`.
    public let service: String
    /// The processes that entered as its owners and live.
    public let leaders: [Int32]
    /// What happens to processes that are left at its end.
    public let leftovers: Leftovers
    /// The host's number for its network namespace (nsid).
    public let number: Int32
    /// The kernel's number for its network namespace, not given twice in a boot.
    public let cookie: UInt64?
    /// The boot in which it was opened; random/boot_id.
    public let boot: String
    /// When it was opened, in microseconds since 1970 UTC.
    public let opened: Int64
    /// When it was opened, in microseconds since boot.
    public let openedBoot: Int64
    /// When its address may be granted again, in microseconds since boot.
    public let heldUntilBoot: Int64?
    /// Who kept its namespace alive after its end; nil where nobody did.
    public let holders: [Holder]?

    /// Where a session is in its life.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// Being made.
        case allocating
        /// Has leaders, or is reserved.
        case active
        /// No leader is left, other processes are.
        case lingering
        /// Being taken apart.
        case closing
        /// All gone, the address rests.
        case held
        /// The address rests longer, because something else has it.
        case quarantined
    }

    /// How a session is opened.
    public enum Mode: String, Codable, Sendable, CaseIterable {
        /// The caller becomes the first leader.
        case enter
        /// There is no leader; it lasts until it is closed.
        case reserve
    }

    /// Whose a session is.
    public enum Scope: String, Codable, Sendable, CaseIterable {
        /// Of one login.
        case session
        /// Of all logins of its user: further ones join it.
        case user
    }

    /// What happens to processes that are left when a session ends.
    public enum Leftovers: String, Codable, Sendable, CaseIterable {
        /// They may go on; the address rests until the last is gone.
        case wait
        /// They are killed.
        case kill
    }

    /// Puts the fields together.
    public init(
        id: String, state: State, mode: Mode, scope: Scope = .session, pool: String, address: String? = nil,
        prefixLength: Int? = nil, pairedAddress: String? = nil, pairedPrefixLength: Int? = nil, parent: String? = nil,
        mac: String? = nil, user: String, uid: UInt32, service: String, leaders: [Int32], leftovers: Leftovers,
        number: Int32, cookie: UInt64? = nil, boot: String, opened: Int64, openedBoot: Int64,
        heldUntilBoot: Int64? = nil, holders: [Holder]? = nil
    ) {
        self.id = id
        self.state = state
        self.mode = mode
        self.scope = scope
        self.pool = pool
        self.address = address
        self.prefixLength = prefixLength
        self.pairedAddress = pairedAddress
        self.pairedPrefixLength = pairedPrefixLength
        self.parent = parent
        self.mac = mac
        self.user = user
        self.uid = uid
        self.service = service
        self.leaders = leaders
        self.leftovers = leftovers
        self.number = number
        self.cookie = cookie
        self.boot = boot
        self.opened = opened
        self.openedBoot = openedBoot
        self.heldUntilBoot = heldUntilBoot
        self.holders = holders
    }
}
