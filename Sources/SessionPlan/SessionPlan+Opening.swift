internal import Leasing

extension SessionPlan {
    mutating func transactionAnswered(failure: EndReason?) -> [SessionAction] {
        guard case .preparing(let unanswered, let outlook) = step, unanswered != .namespace else { return [] }
        return prepared(unanswered == .both ? .namespace : nil, outlook, failure)
    }

    mutating func namespaceAnswered(cookie made: UInt64?) -> [SessionAction] {
        guard case .preparing(let unanswered, let outlook) = step, unanswered != .transaction else { return [] }
        cookie = made
        return prepared(unanswered == .both ? .transaction : nil, outlook, made == nil ? .namespaceFailed : nil)
    }

    /// One of the two answers is there; the network follows only both, and only if both are good and still wanted.
    private mutating func prepared(
        _ left: Step.Unanswered?, _ outlook: Step.Outlook, _ failure: EndReason?
    ) -> [SessionAction] {
        switch (outlook, failure, left) {
        case (.wanted, nil, nil): return move(to: .connecting(outlook), [.connectNetwork])
        case (.wanted, nil, let left?): return move(to: .preparing(left, outlook))
        case (.wanted, let failure?, nil): return refusal(failure) + dismantle(failure)
        // The opener is told at once; the helper or the store may still be busy, and the end waits for it.
        case (.wanted, let failure?, let left?):
            return move(to: .preparing(left, .doomed(failure)), refusal(failure))
        case (.doomed(let reason), _, nil): return dismantle(reason)
        case (.doomed, _, let left?): return move(to: .preparing(left, outlook))
        }
    }

    mutating func networkConnected() -> [SessionAction] {
        guard case .connecting(let outlook) = step else { return [] }
        switch outlook {
        case .wanted(.enter): return move(to: .handedOver, [.handOver, .recordState, .announce(.opened)])
        case .wanted(.reserve):
            // `recordState` is performed in the new state: the row says active.
            return move(to: .active(leaders: []), [.handOver, .recordState, .announce(.opened)])
        case .doomed(let reason): return dismantle(reason)
        }
    }

    mutating func networkFailed(_ failure: EndReason) -> [SessionAction] {
        guard case .connecting(let outlook) = step else { return [] }
        switch outlook {
        case .wanted: return refusal(failure) + dismantle(failure)
        // Whoever called it off: an address that something else owns goes to quarantine.
        case .doomed(let reason): return dismantle(failure == .addressInUse ? failure : reason)
        }
    }

    mutating func entered(_ leader: LeaderID) -> [SessionAction] {
        let welcome: [SessionAction] = [.watchLeader(leader), .recordState, .announce(.entered)]
        switch step {
        case .handedOver: return move(to: .active(leaders: [leader]), welcome)
        case .active(let leaders):
            return leaders.contains(leader) ? [] : move(to: .active(leaders: leaders.union([leader])), welcome)
        case .planned, .adopted, .preparing, .connecting, .leaving, .counting, .uncounted, .lingering, .sweeping,
            .closing, .resting, .ended:
            return []
        }
    }

    mutating func openerGone() -> [SessionAction] {
        switch step {
        case .preparing(_, .wanted), .connecting(.wanted): return callOff(.openerGone)
        case .handedOver: return end(.openerGone)
        case .planned, .adopted, .preparing(_, .doomed), .connecting(.doomed), .active, .leaving, .counting, .uncounted,
            .lingering, .sweeping, .closing, .resting, .ended:
            return []
        }
    }

    /// Gives up an open whose requests are unanswered.
    ///
    /// The helper must answer before the session is taken apart: what it makes later would be overlooked.
    mutating func callOff(_ reason: EndReason) -> [SessionAction] {
        switch step {
        case .preparing(let unanswered, .wanted):
            return move(to: .preparing(unanswered, .doomed(reason)), refusal(reason))
        case .connecting(.wanted): return move(to: .connecting(.doomed(reason)), refusal(reason))
        case .planned, .adopted, .preparing(_, .doomed), .connecting(.doomed), .handedOver, .active, .leaving,
            .counting, .uncounted, .lingering, .sweeping, .closing, .resting, .ended:
            return []
        }
    }

    private func refusal(_ reason: EndReason) -> [SessionAction] {
        guard let failure = reason.refusal else { return [] }
        return [.refuse(failure), .announce(failure == .closed ? .refused : .failed)]
    }
}
