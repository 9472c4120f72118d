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
