/// How the macvlan links of one parent link see each other; ip-link(8), "macvlan".
public enum MacvlanMode: String, Sendable, CaseIterable, Codable {
    /// Sessions on one parent link reach each other directly.
    case bridge
    /// Sessions on one parent link never reach each other.
    case `private`
    /// All goes out to the switch, which may send it back (IEEE 802.1Qbg).
    case vepa
}

/// Which of a pool's free addresses is granted next.
public enum AllocationOrder: String, Sendable, CaseIterable {
    /// The one that has been free for longest: an address comes back to somebody else as late as can be.
    case longestFree = "longest-free"
    /// The lowest: the pool is used from its beginning, and its end shows how much of it is needed.
    case lowest
    /// Any: nobody can tell which is next.
    case random
}

/// What becomes of a session for which a pool has no address left.
public enum ExhaustionPolicy: String, Sendable, CaseIterable {
    /// It goes on with the host's network.
    case share
    /// It gets a namespace with nothing but a loopback.
    case isolate
    /// It is refused.
    case deny
}

/// What becomes of the members that are still there when a session closes.
public enum LeftoversPolicy: String, Sendable, CaseIterable {
    /// They go on until they end by themselves; the address stays theirs until then.
    case wait
    /// They are killed.
    case kill
}

/// How a session was asked for.
public enum SessionMode: String, Sendable, CaseIterable {
    /// The caller enters and becomes the first leader.
    case enter
    /// The session is kept ready for programs that join it later; it has no leader yet.
    case reserve
}

/// Whose a session is.
public enum SessionScope: String, Sendable, CaseIterable {
    /// Of one login.
    case session
    /// Of all logins of its user: further ones join it.
    case user
}

/// Where a lease stands; docs/architecture.md, "A session's life".
public enum LeasePhase: String, Sendable, CaseIterable {
    /// The intent is stored; the kernel may hold half of the session.
    case allocating
    /// The session has members, or waits for them as a reserved one.
    case active
    /// No leader is left, other members are.
    case lingering
    /// The session is being taken apart.
    case closing
    /// All is gone; the address rests for its hold time.
    case held
    /// Someone else on the LAN answers for the address.
    case quarantined
}
