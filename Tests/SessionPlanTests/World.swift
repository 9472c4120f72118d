import Leasing

@testable import SessionPlan

/// A driver with a kernel behind it, both in a few variables: it answers every request sooner or later.
struct World {
    private var dice: SeededGenerator
    private(set) var plan: SessionPlan
    private(set) var ledger = Ledger()
    /// What is on its way to the plan; taken out in any order.
    private var pending: [SessionEvent] = []
    /// Failures that are still to come.
    private var failuresLeft: Int
    /// Processes in the namespace; they end one by one.
    private var members = 0
    private var pinned = false
    private var numbered = false
    private(set) var linked = false
    private(set) var steps = 0

    init(seed: UInt64) {
        dice = SeededGenerator(seed: seed)
        plan = anyPlan(using: &dice)
        failuresLeft = Int.random(in: 0..<20, using: &dice)
        perform(plan.begin())
    }

    /// Lives one session through; false when it did not end in time.
    mutating func live() -> Bool {
        while steps < 3_000, !ledger.released {
            steps += 1
            happen()
        }
        return ledger.released
    }

    private mutating func happen() {
        if steps > 200, plan.state == .active { pending.append(.closeAsked(nil, from: .outside)) }
        if members > 0, steps > 300 { members -= 1 }
        if numbered, !pinned, members == 0, chance(2) {
            (numbered, linked) = (false, false)
            // The event socket may overrun: the plan must not need every word.
            if chance(2) { pending.append(.networkGone) }
        }
        if chance(8) { pending.append(disturbance()) }
        guard let place = pending.indices.randomElement(using: &dice) else { return }
        deliver(pending.remove(at: place))
    }

    private mutating func disturbance() -> SessionEvent {
        switch Int.random(in: 0..<6, using: &dice) {
        case 0: return .closeAsked([nil, .wait, .kill].randomElement(using: &dice) ?? nil, from: .outside)
        case 1: return .closeAsked(nil, from: .inside)
        case 2: return .openerGone
        case 3: return .leaderEnded(LeaderID(UInt64.random(in: 1...2, using: &dice)))
        case 4: return .entered(LeaderID(UInt64.random(in: 1...2, using: &dice)))
        default: return .closeAsked(nil, from: .outside)
        }
    }

    private mutating func deliver(_ event: SessionEvent) {
        if case .timer(let kind) = event, !ledger.timers.contains(kind) { return }
        if case .entered = event, pinned, chance(2) { members += Int.random(in: 1...3, using: &dice) }
        ledger.happened(event)
        perform(plan.handle(event))
    }

    private mutating func perform(_ actions: [SessionAction]) {
        ledger.did(actions, plan)
        for action in actions {
            if let answer = answer(to: action) { pending.append(answer) }
            if action == .unpin { pinned = false }
            if case .startTimer(let kind) = action { pending.append(.timer(kind)) }
        }
    }

    /// What the store or the helper does and says; a failure may have done its work all the same.
    private mutating func answer(to action: SessionAction) -> SessionEvent? {
        switch action {
        case .storeIntent: return fails() ? .intentFailed : .intentStored
        case .makeNamespace:
            (pinned, numbered) = (true, true)
            return fails() ? .namespaceFailed : .namespaceMade(cookie: 7)
        case .connectNetwork:
            linked = true
            return fails() ? .networkFailed(addressInUse: chance(2)) : .networkConnected
        case .countMembers: return fails() ? .countFailed : .membersCounted(members)
        case .killMembers:
            if fails() { return .killIncomplete(remaining: members) }
            members = 0
            return .membersKilled
        case .dismantle:
            pinned = false
            if fails() { return .dismantleFailed }
            return .dismantled(alive: numbered)
        case .deleteLink:
            if fails() { return .linkDeletionFailed }
            linked = false
            return .linkDeleted
        case .handOver, .refuse, .recordState, .watchLeader, .forgetLeader, .dropConnections, .unpin, .reportHolders,
            .recordEnd, .startTimer, .stopTimer, .release, .announce, .settleClosers:
            return nil
        }
    }

    private mutating func fails() -> Bool {
        guard failuresLeft > 0, chance(2) else { return false }
        failuresLeft -= 1
        return true
    }

    private mutating func chance(_ sides: Int) -> Bool { Int.random(in: 0..<sides, using: &dice) == 0 }
}
