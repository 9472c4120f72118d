internal import Leasing

/// Where a session stands, to the step; what belongs to one step only is in its associated values.
enum Step: Sendable, Equatable {
    /// Nothing was done yet.
    case planned(SessionMode)
    /// Found after a restart, not yet taken up.
    case adopted(AdoptedState)
    /// The transaction, the namespace or both are unanswered.
    case preparing(Unanswered, Outlook)
    /// The batch is unanswered.
    case connecting(Outlook)
    /// The opener has the descriptor; timer `entry` runs.
    case handedOver
    /// In use, or reserved while there is no leader.
    case active(leaders: Set<LeaderID>)
    /// The last leader said that it is leaving, and what it leaves will be killed; timer `retry` runs.
    case leaving(leaders: Set<LeaderID>)
    /// The count that decides between lingering and closing is unanswered.
    case counting(EndReason)
    /// That count failed; timer `retry` runs.
    case uncounted(EndReason)
    /// Members live on without a pin; timer `sweep` runs.
    case lingering(EndReason)
    /// A count while lingering is unanswered.
    case sweeping(EndReason)
    /// Being taken apart.
    case closing(Closing, EndReason)
    /// Nothing is left but the address; timer `hold` runs.
    case resting(Rest)
    /// Over.
    case ended

    /// What an open still waits for before anything else may follow.
    enum Unanswered: Sendable, Equatable { case both, transaction, namespace }

    /// What an unanswered request is for: an opener who waits, or nothing but an orderly end.
    enum Outlook: Sendable, Equatable {
        case wanted(SessionMode)
        case doomed(EndReason)
    }

    /// The steps of taking apart; a pause waits for timer `retry`.
    enum Closing: Sendable, Equatable {
        /// `reported`: the log already names those who cannot be killed.
        case killing(reported: Bool)
        case pausedKilling
        /// `KernelWord`: what the kernel said before the helper was done.
        case dismantling(KernelWord?)
        case pausedDismantling(KernelWord?)
        /// Timer `kernelWord` runs.
        case awaitingWord
        case deletingLink
        case pausedDeletingLink
    }

    /// How an address rests.
    enum Rest: Sendable, Equatable { case held, quarantined }

    /// The kernel's proof that the session's link is gone; nothing else leads to `SessionPlan.gone`.
    enum KernelWord: Sendable, Equatable { case numberGone, numberUnknown, linkDeleted }
}

extension Step {
    /// The one timer that runs in this step.
    var timer: TimerKind? {
        switch self {
        case .handedOver: .entry
        case .leaving, .uncounted: .retry
        case .lingering: .sweep
        case .resting: .hold
        case .closing(.awaitingWord, _): .kernelWord
        case .closing(.pausedKilling, _), .closing(.pausedDismantling, _), .closing(.pausedDeletingLink, _): .retry
        case .closing(.killing, _), .closing(.dismantling, _), .closing(.deletingLink, _): nil
        case .planned, .adopted, .preparing, .connecting, .active, .counting, .sweeping, .ended: nil
        }
    }

    /// The leaders that are watched in this step.
    var leaders: Set<LeaderID> {
        switch self {
        case .active(let leaders), .leaving(let leaders): leaders
        case .planned, .adopted, .preparing, .connecting, .handedOver, .counting, .uncounted, .lingering, .sweeping,
            .closing, .resting, .ended:
            []
        }
    }

    /// The coarse view.
    var state: SessionPlan.State {
        switch self {
        case .planned, .preparing(_, .wanted), .connecting(.wanted), .handedOver: .allocating
        case .adopted(let found): found.state
        case .active: .active
        case .lingering, .sweeping: .lingering
        case .preparing(_, .doomed), .connecting(.doomed), .leaving, .counting, .uncounted, .closing: .closing
        case .resting(.held): .held
        case .resting(.quarantined): .quarantined
        case .ended: .ended
        }
    }

    /// Why the session ends, as soon as it does and until it has.
    var endReason: EndReason? {
        switch self {
        case .preparing(_, .doomed(let reason)), .connecting(.doomed(let reason)), .counting(let reason),
            .uncounted(let reason), .lingering(let reason), .sweeping(let reason), .closing(_, let reason):
            reason
        case .leaving: .closedByRequest
        case .planned, .adopted, .preparing(_, .wanted), .connecting(.wanted), .handedOver, .active, .resting, .ended:
            nil
        }
    }
}
