internal import Leasing

extension SessionPlan {
    mutating func leaderEnded(_ leader: LeaderID) -> [SessionAction] {
        guard leaders.contains(leader) else { return [] }
        let others = leaders.subtracting([leader])
        switch step {
        case .active where others.isEmpty: return end(.leaderEnded)
        case .active: return move(to: .active(leaders: others), [.recordState])
        case .leaving: return kill(.closedByRequest)
        case .planned, .adopted, .preparing, .connecting, .handedOver, .counting, .uncounted, .lingering, .sweeping,
            .closing, .resting, .ended:
            return []
        }
    }

    mutating func closeAsked(_ policy: LeftoversPolicy?, from asker: Asker) -> [SessionAction] {
        switch step {
        case .preparing, .connecting: return callOff(.closedByRequest)
        case .handedOver, .active, .leaving:
            leftovers = policy ?? leftovers
            return closeInUse(from: asker)
        case .counting(let reason), .uncounted(let reason):
            leftovers = policy ?? leftovers
            return leftovers == .kill ? kill(reason) : []
        case .lingering(let reason), .sweeping(let reason):
            leftovers = policy ?? leftovers
            return leftovers == .kill ? kill(reason) : [.settleClosers]
        case .resting: return [.settleClosers]
        // What has begun goes on, and its end settles all who asked.
        case .planned, .adopted, .closing, .ended: return []
        }
    }

    private mutating func closeInUse(from asker: Asker) -> [SessionAction] {
        switch (asker, leftovers) {
        // One of several leaves: the session is the others' until the last one's end.
        case (.inside, _) where leaders.count > 1: []
        // Whoever asks from inside runs its own way out (PAM's other modules): it is not killed in the middle of it.
        case (.inside, .kill): step == .leaving(leaders: leaders) ? [] : move(to: .leaving(leaders: leaders))
        case (.inside, .wait), (.outside, .wait), (.outside, .kill): end(.closedByRequest)
        }
    }

    /// Begins the end of a session that may have members.
    mutating func end(_ reason: EndReason, fired: Bool = false) -> [SessionAction] {
        switch leftovers {
        case .kill: kill(reason, fired: fired)
        case .wait: move(to: .counting(reason), [.countMembers], fired: fired)
        }
    }

    private mutating func kill(_ reason: EndReason, fired: Bool = false) -> [SessionAction] {
        move(to: .closing(.killing(reported: false), reason), [.killMembers], fired: fired)
    }

    /// Takes apart what has no members; the row says closing from here on, so a restart goes on here.
    mutating func dismantle(_ reason: EndReason, word: Step.KernelWord? = nil) -> [SessionAction] {
        move(to: .closing(.dismantling(word), reason), [.recordState, .dismantle])
    }

    mutating func membersCounted(_ count: Int) -> [SessionAction] {
        switch step {
        case .counting(let reason) where count > 0:
            // `recordState` first: a service that stops in between finds the session lingering and unpins it again.
            return move(to: .lingering(reason), [.dropConnections, .recordState, .unpin, .settleClosers])
        case .sweeping(let reason) where count > 0: return move(to: .lingering(reason))
        case .counting(let reason), .sweeping(let reason): return [.dropConnections] + dismantle(reason)
        case .planned, .adopted, .preparing, .connecting, .handedOver, .active, .leaving, .uncounted, .lingering,
            .closing, .resting, .ended:
            return []
        }
    }

    mutating func countFailed() -> [SessionAction] {
        switch step {
        case .counting(let reason): return move(to: .uncounted(reason))
        case .sweeping(let reason): return move(to: .lingering(reason))
        case .planned, .adopted, .preparing, .connecting, .handedOver, .active, .leaving, .uncounted, .lingering,
            .closing, .resting, .ended:
            return []
        }
    }

    mutating func membersKilled() -> [SessionAction] {
        guard case .closing(.killing, let reason) = step else { return [] }
        return [.dropConnections] + dismantle(reason)
    }

    mutating func killIncomplete() -> [SessionAction] {
        guard case .closing(.killing(let reported), let reason) = step else { return [] }
        return move(to: .closing(.pausedKilling, reason), reported ? [] : [.reportHolders])
    }
}
