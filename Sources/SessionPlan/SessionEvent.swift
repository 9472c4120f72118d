public import Leasing

/// What happened to a session: the only input of its plan.
public enum SessionEvent: Sendable, Hashable {
    /// The transaction that stores the intent and opens the history record is durable.
    case intentStored
    /// The transaction did not happen: there is no row.
    case intentFailed
    /// The helper made the namespace: sysctls set, pinned, numbered.
    case namespaceMade(cookie: UInt64)
    /// The helper could not make the namespace, or its answer was lost.
    case namespaceFailed
    /// The one batch was acknowledged and the address announced.
    case networkConnected
    /// The batch was refused, or its answer was lost; `addressInUse`: something else owns the address or its MAC.
    case networkFailed(addressInUse: Bool)
    /// A process says that it is in, as a leader.
    case entered(LeaderID)
    /// A leader's process has ended.
    case leaderEnded(LeaderID)
    /// The connection of the one who opened the session has ended.
    case openerGone
    /// Somebody wants the session closed; a value replaces the session's own policy for leftovers.
    case closeAsked(LeftoversPolicy?, from: Asker)
    /// Answers `countMembers`.
    case membersCounted(Int)
    /// Answers `countMembers`: the helper could not tell.
    case countFailed
    /// Answers `killMembers`: no member is left.
    case membersKilled
    /// Answers `killMembers`: some cannot be killed now (uninterruptible sleep), or the answer was lost.
    case killIncomplete(remaining: Int)
    /// Answers `dismantle`; `alive`: whether the kernel has yet to say that it is gone.
    case dismantled(alive: Bool)
    /// Answers `dismantle`: something of it is left, or the answer was lost.
    case dismantleFailed
    /// The kernel took the namespace's number back (RTM_DELNSID), or a dump of numbers lacks it.
    case networkGone
    /// Answers `deleteLink`: RTM_DELLINK was acknowledged, or the link was not there.
    case linkDeleted
    /// Answers `deleteLink`: refused, or the answer was lost.
    case linkDeletionFailed
    /// A timer that the plan started ran out.
    case timer(TimerKind)
}

/// Names a leader within its session; the driver chooses it and ties it to a process descriptor.
public struct LeaderID: Hashable, Sendable, Comparable {
    /// The driver's number, never used twice in a session.
    public let rawValue: UInt64

    /// Wraps the driver's number.
    public init(_ rawValue: UInt64) { self.rawValue = rawValue }

    /// Orders by number, so that lists of actions are always the same.
    public static func < (left: LeaderID, right: LeaderID) -> Bool { left.rawValue < right.rawValue }
}

/// Where somebody who asks for a close stands.
public enum Asker: Sendable, Hashable, CaseIterable {
    /// In the session itself; its asking means "I am leaving".
    case inside
    /// Anywhere else.
    case outside
}

/// The timers of a session; at most one runs at a time.
public enum TimerKind: Sendable, Hashable, CaseIterable {
    /// 10 s: the opener was given the descriptor but did not say that it is in.
    case entry
    /// 1 s: the kernel did not say that the namespace is gone.
    case kernelWord
    /// 1 s: something failed and is tried again, or a caller that is leaving has not left.
    case retry
    /// 1 s: members of a lingering session are counted again.
    case sweep
    /// The pool's hold time, never under 100 ms; the driver knows how much of it is left.
    case hold
}
