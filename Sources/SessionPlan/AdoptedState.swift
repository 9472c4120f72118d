public import Leasing

/// What a restarted service found of a session: its row held against the kernel.
public enum AdoptedState: Sendable, Equatable {
    /// The row says allocating and the descriptor was never handed over: taken apart.
    case halfMade
    /// In use by these leaders, which live; merely reserved when there are none.
    case active(leaders: Set<LeaderID>)
    /// It was handed over, and no leader of it lives: ends now, by its policy for leftovers.
    case leaderless
    /// Unpinned, but the kernel knows its number.
    case lingering(EndReason)
    /// No member was left when it was being taken apart.
    case closing(EndReason)
    /// The kernel knows nothing of it: what is left of the pin goes, then the address rests.
    case vanished
    /// The address rests.
    case held
    /// The address rests because something else owns it.
    case quarantined

    /// The coarse view.
    var state: SessionPlan.State {
        switch self {
        case .halfMade: .allocating
        case .active, .leaderless: .active
        case .lingering: .lingering
        case .closing, .vanished: .closing
        case .held: .held
        case .quarantined: .quarantined
        }
    }
}

extension AdoptedState {
    /// What a stored lease and the kernel say together.
    ///
    /// `isKnown`: whether the kernel knows the namespace, the very one; `hasMembers`: whether a process is in it; `leaders`:
    /// those of the lease that live.
    public init(_ lease: Lease, isKnown: Bool, hasMembers: Bool, leaders: Set<LeaderID>) {
        switch lease.phase {
        case .held: self = .held
        case .quarantined: self = .quarantined
        // Already ending: that the kernel knows nothing of it is what was waited for.
        case .lingering where !isKnown, .closing where !isKnown: self = .closing(lease.storedReason)
        case .allocating where !isKnown: self = .halfMade
        case .active where !isKnown: self = .vanished
        case .allocating, .active, .lingering, .closing:
            self = Self.living(lease, hasMembers: hasMembers, leaders: leaders)
        }
    }

    private static func living(_ lease: Lease, hasMembers: Bool, leaders: Set<LeaderID>) -> AdoptedState {
        switch lease.phase {
        // A row with a cookie was handed over, and so was one whose last write was lost but that has members.
        case .allocating: lease.cookie == nil && !hasMembers ? .halfMade : .leaderless
        case .active:
            lease.leaders.isEmpty && lease.mode == .reserve || !leaders.isEmpty
                ? .active(leaders: leaders) : .leaderless
        case .lingering: .lingering(lease.storedReason)
        case .closing: .closing(lease.storedReason)
        case .held: .held
        case .quarantined: .quarantined
        }
    }
}

extension Lease {
    /// Why the session was ending when the service stopped.
    fileprivate var storedReason: EndReason { endReason.flatMap(EndReason.init) ?? .closedByRequest }
}

extension SessionPlan {
    /// Takes up a session that was found after a restart; `resume` tells what to do.
    public init(adopting found: AdoptedState, leftovers: LeftoversPolicy, hasAddress: Bool, cookie: UInt64?) {
        self.init(step: .adopted(found), leftovers: leftovers, hasAddress: hasAddress, cookie: cookie)
    }

    /// Starts the life of an adopted session; without effect the second time.
    public mutating func resume() -> [SessionAction] {
        guard case .adopted(let found) = step else { return [] }
        switch found {
        case .halfMade: return dismantle(.interrupted)
        case .active(let leaders):
            return move(to: .active(leaders: leaders), leaders.sorted().map { .watchLeader($0) })
        case .leaderless: return end(.leaderEnded)
        // Unpinning again is harmless, and nobody knows whether the stopped service came to it.
        case .lingering(let reason): return move(to: .lingering(reason), [.unpin])
        case .closing(let reason): return dismantle(reason)
        case .vanished: return dismantle(.destroyedFromOutside, word: .numberGone)
        case .held: return move(to: .resting(.held))
        case .quarantined: return move(to: .resting(.quarantined))
        }
    }
}
