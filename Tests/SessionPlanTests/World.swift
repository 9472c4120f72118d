import Leasing

@testable import SessionPlan

/// A driver with a kernel and a disk behind it, all in a few variables: it answers every request sooner or later.
struct World {
    private var dice: SeededGenerator
    private(set) var plan: SessionPlan
    private(set) var ledger = Ledger()
    private(set) var kernel = WorldKernel()
    private var disk = Disk()
    private let mode: SessionMode
    /// What is on its way to the plan; taken out in any order.
    private var pending: [SessionEvent] = []
    /// Failures that are still to come, and of how many requests one fails until then.
    private var failuresLeft: Int
    private let failureEvery: Int
    /// Ends of the service that are still to come.
    private var crashesLeft: Int
    /// The opener has the namespace's descriptor: processes may enter for as long as it lives.
    private var isHandedOver = false
    private(set) var steps = 0
    /// Whether it was released, or never stored and taken apart.
    private(set) var hasEnded = false
    /// What it was taken up as, after each crash; nil where the store did not have it.
    private(set) var adoptions: [AdoptedState?] = []
    /// Promises that were broken, in every service's life.
    private(set) var broken: [String] = []

    init(seed: UInt64, crashes: Int = 0) {
        dice = SeededGenerator(seed: seed)
        mode = Bool.random(using: &dice) ? .enter : .reserve
        plan = SessionPlan(
            mode: mode, leftovers: Bool.random(using: &dice) ? .wait : .kill,
            hasAddress: Int.random(in: 0..<4, using: &dice) > 0)
        failuresLeft = Int.random(in: 0..<20, using: &dice)
        crashesLeft = crashes
        // Most opens must succeed, for something to be there when the service ends.
        failureEvery = crashes > 0 ? 4 : 2
        perform(plan.begin())
    }

    /// Lives one session through; false when it did not end in time.
    mutating func live() -> Bool {
        while steps < 3_000, !hasEnded {
            steps += 1
            happen()
        }
        return hasEnded
    }

    private mutating func happen() {
        if steps > 200, plan.state == .active { pending.append(.closeAsked(nil, from: .outside)) }
        if steps > 300 { endProcess() }
        if kernel.numbered, !kernel.pinned, kernel.members == 0, chance(2) {
            kernel.collapse()
            // The event socket may overrun: the plan must not need every word.
            if chance(2) { pending.append(.networkGone) }
        }
        if chance(4) { disk.sync() }
        if chance(8) { pending.append(disturbance()) }
        guard let place = pending.indices.randomElement(using: &dice) else { return }
        deliver(pending.remove(at: place))
    }

    private mutating func endProcess() {
        if kernel.others > 0 {
            kernel.others -= 1
        } else if let leader = kernel.leaders.min() {
            kernel.leaders.remove(leader)
            pending.append(.leaderEnded(leader))
        }
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
        if case .entered(let leader) = event {
            // Nobody comes in before the descriptor is out, nor after the namespace is gone.
            guard isHandedOver, kernel.numbered else { return }
            kernel.leaders.insert(leader)
            if chance(2) { kernel.others += Int.random(in: 1...3, using: &dice) }
        }
        if case .leaderEnded(let leader) = event { kernel.leaders.remove(leader) }
        if event == .intentStored { disk.sync() }
        ledger.happened(event)
        perform(plan.handle(event))
    }

    private mutating func perform(_ actions: [SessionAction]) {
        // Seldom on its way in: else hardly one would live to be taken up.
        if !actions.isEmpty, crashesLeft > 0, chance(plan.state == .allocating ? 24 : 3) {
            let done = Int.random(in: 0...actions.count, using: &dice)
            for action in actions[..<done] { perform(action) }
            return crash()
        }
        ledger.did(actions, plan)
        for action in actions { perform(action) }
        look()
    }

    private mutating func perform(_ action: SessionAction) {
        if let answer = answer(to: action) { pending.append(answer) }
        switch action {
        case .unpin: kernel.pinned = false
        case .handOver: isHandedOver = true
        case .startTimer(let kind): pending.append(.timer(kind))
        case .recordState, .recordEnd:
            guard var row = disk.newest else { return }
            row.refresh(plan)
            disk.write(row)
        case .release:
            // The address is granted again only when its row is gone.
            disk.write(nil)
            disk.sync()
            hasEnded = true
        case .storeIntent, .makeNamespace, .connectNetwork, .refuse, .watchLeader, .forgetLeader, .countMembers,
            .killMembers, .dropConnections, .dismantle, .deleteLink, .reportHolders, .stopTimer, .announce,
            .settleClosers:
            break
        }
    }

    /// The kernel's own word, whatever the plan was told: who rests an address has no link with it any more.
    private mutating func look() {
        switch plan.state {
        case .held, .quarantined, .ended: if kernel.linked { broken.append("an address rests, and its link is there") }
        case .allocating, .active, .lingering, .closing: break
        }
        broken += ledger.broken
    }

    /// The service ends before it has heard or done anything more, and the next one takes up what there is.
    private mutating func crash() {
        broken += ledger.broken
        crashesLeft -= 1
        disk.crash(using: &dice)
        pending = []
        // Nobody is there to see it.
        if chance(8) { kernel.destroy() }
        if kernel.numbered, !kernel.pinned, kernel.members == 0, chance(2) { kernel.collapse() }
        guard !hasEnded else { return }
        guard let row = disk.newest else { return takeApart() }
        let found = AdoptedState(row, kernel)
        adoptions.append(found)
        plan = SessionPlan(
            adopting: found, leftovers: row.leftovers, hasAddress: plan.hasAddress, cookie: row.hasCookie ? 7 : nil)
        ledger = Ledger(found: found)
        perform(plan.resume())
    }

    /// What the store does not know: without link and processes it is taken apart, with them no service serves.
    private mutating func takeApart() {
        adoptions.append(nil)
        if kernel.linked || kernel.members > 0 { broken.append("a session lives that is not stored") }
        kernel.pinned = false
        kernel.collapse()
        hasEnded = true
    }

    /// What the store or the helper does and says; a failure may have done its work all the same.
    private mutating func answer(to action: SessionAction) -> SessionEvent? {
        switch action {
        case .storeIntent:
            if fails() { return .intentFailed }
            disk.write(Disk.Row(phase: .allocating, mode: mode, leftovers: plan.leftovers))
            return .intentStored
        case .makeNamespace:
            (kernel.pinned, kernel.numbered) = (true, true)
            return fails() ? .namespaceFailed : .namespaceMade(cookie: 7)
        case .connectNetwork:
            if kernel.linked { broken.append("a second link for one address") }
            kernel.linked = true
            return fails() ? .networkFailed(addressInUse: chance(2)) : .networkConnected
        case .countMembers: return fails() ? .countFailed : .membersCounted(kernel.members)
        case .killMembers:
            if fails() { return .killIncomplete(remaining: kernel.members) }
            (kernel.leaders, kernel.others) = ([], 0)
            return .membersKilled
        case .dismantle:
            kernel.pinned = false
            if fails() { return .dismantleFailed }
            return .dismantled(alive: kernel.numbered)
        case .deleteLink:
            if fails() { return .linkDeletionFailed }
            kernel.linked = false
            return .linkDeleted
        case .handOver, .refuse, .recordState, .watchLeader, .forgetLeader, .dropConnections, .unpin, .reportHolders,
            .recordEnd, .startTimer, .stopTimer, .release, .announce, .settleClosers:
            return nil
        }
    }

    private mutating func fails() -> Bool {
        guard failuresLeft > 0, chance(failureEvery) else { return false }
        failuresLeft -= 1
        return true
    }

    private mutating func chance(_ sides: Int) -> Bool { Int.random(in: 0..<sides, using: &dice) == 0 }
}
