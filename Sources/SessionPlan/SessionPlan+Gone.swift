extension SessionPlan {
    mutating func dismantled(alive: Bool) -> [SessionAction] {
        guard case .closing(.dismantling(let word), let reason) = step else { return [] }
        switch (word, alive) {
        // Numbers are never used again in a boot: a word that came before this answer still holds.
        case (let word?, _): return gone(reason, word)
        case (nil, false): return gone(reason, .numberUnknown)
        case (nil, true): return move(to: .closing(.awaitingWord, reason))
        }
    }

    mutating func dismantleFailed() -> [SessionAction] {
        guard case .closing(.dismantling(let word), let reason) = step else { return [] }
        return move(to: .closing(.pausedDismantling(word), reason))
    }

    mutating func linkDeleted() -> [SessionAction] {
        guard case .closing(.deletingLink, let reason) = step else { return [] }
        return gone(reason, .linkDeleted)
    }

    mutating func linkDeletionFailed() -> [SessionAction] {
        guard case .closing(.deletingLink, let reason) = step else { return [] }
        return move(to: .closing(.pausedDeletingLink, reason))
    }

    /// The namespace is no more; what is left of its pin may still have to go.
    mutating func networkGone() -> [SessionAction] {
        switch step {
        // The namespace is not known yet: the helper's answer decides.
        case .planned, .adopted, .preparing(.both, _), .preparing(.namespace, _): return []
        case .preparing(.transaction, _), .connecting: return callOff(.destroyedFromOutside)
        case .handedOver, .active: return dismantle(.destroyedFromOutside, word: .numberGone)
        case .leaving: return dismantle(.closedByRequest, word: .numberGone)
        case .counting(let reason), .uncounted(let reason), .lingering(let reason), .sweeping(let reason):
            return dismantle(reason, word: .numberGone)
        case .closing(let closing, let reason): return networkGone(closing, reason)
        case .resting, .ended: return []
        }
    }

    private mutating func networkGone(_ closing: Step.Closing, _ reason: EndReason) -> [SessionAction] {
        switch closing {
        case .killing, .pausedKilling: return dismantle(reason, word: .numberGone)
        case .dismantling: return move(to: .closing(.dismantling(.numberGone), reason))
        case .pausedDismantling: return move(to: .closing(.pausedDismantling(.numberGone), reason))
        case .awaitingWord, .deletingLink, .pausedDeletingLink: return gone(reason, .numberGone)
        }
    }

    /// A timer counts only in the step that it belongs to; elsewhere it was stopped too late.
    mutating func ranOut(_ timer: TimerKind) -> [SessionAction] {
        guard timer == step.timer else { return [] }
        switch step {
        case .handedOver: return end(.neverEntered, fired: true)
        case .leaving: return end(.closedByRequest, fired: true)
        case .uncounted(let reason): return move(to: .counting(reason), [.countMembers], fired: true)
        case .lingering(let reason): return move(to: .sweeping(reason), [.countMembers], fired: true)
        case .closing(let closing, let reason): return ranOut(closing, reason)
        case .resting:
            return move(to: .ended, [.release, .announce(.freed)], fired: true)
        case .planned, .adopted, .preparing, .connecting, .active, .counting, .sweeping, .ended: return []
        }
    }

    private mutating func ranOut(_ closing: Step.Closing, _ reason: EndReason) -> [SessionAction] {
        switch closing {
        case .pausedKilling:
            return move(to: .closing(.killing(reported: true), reason), [.killMembers], fired: true)
        case .pausedDismantling(let word):
            return move(to: .closing(.dismantling(word), reason), [.dismantle], fired: true)
        case .awaitingWord:
            return move(to: .closing(.deletingLink, reason), [.deleteLink, .reportHolders], fired: true)
        case .pausedDeletingLink: return move(to: .closing(.deletingLink, reason), [.deleteLink], fired: true)
        case .killing, .dismantling, .deletingLink: return []
        }
    }

    /// Ends the session in the kernel: the only way to rest or release an address that was in use.
    ///
    /// - Parameter word: the kernel's proof; an address without it stays where it is, for ever if need be.
    private mutating func gone(_ reason: EndReason, _ word: Step.KernelWord) -> [SessionAction] {
        let farewell: [SessionAction] = [.recordEnd(reason), .settleClosers, .announce(.closed)]
        guard hasAddress else { return move(to: .ended, farewell + [.release]) }
        return move(to: .resting(reason == .addressInUse ? .quarantined : .held), farewell)
    }
}
