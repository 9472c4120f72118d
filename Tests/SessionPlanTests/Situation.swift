import Leasing

@testable import SessionPlan

/// A session driven to one of its steps, and what the step looks like from outside.
struct Situation: CustomStringConvertible {
    let description: String
    let plan: SessionPlan
    let state: SessionPlan.State
    let timer: TimerKind?

    private init(
        _ name: String, _ state: SessionPlan.State, timer: TimerKind? = nil, mode: SessionMode = .enter,
        leftovers: LeftoversPolicy = .wait, hasAddress: Bool = true, after events: [SessionEvent]
    ) {
        var plan = SessionPlan(mode: mode, leftovers: leftovers, hasAddress: hasAddress)
        _ = plan.begin()
        for event in events { _ = plan.handle(event) }
        self.init(name, state, timer, plan)
    }

    private init(_ name: String, _ state: SessionPlan.State, _ timer: TimerKind?, _ plan: SessionPlan) {
        self.description = name
        self.state = state
        self.timer = timer
        self.plan = plan
    }

    static let all = opening + inUse + ending + over

    private static let made: [SessionEvent] = [.intentStored, .namespaceMade(cookie: 7)]
    private static let connected = made + [.networkConnected]
    private static let one = connected + [.entered(LeaderID(1))]
    private static let two = one + [.entered(LeaderID(2))]
    private static let left = one + [.leaderEnded(LeaderID(1))]
    private static let close = SessionEvent.closeAsked(nil, from: .outside)
    private static let killed = left + [.membersKilled]
    private static let inUseElsewhere = made + [.networkFailed(addressInUse: true)]
    private static let failed = made + [.networkFailed(addressInUse: false)]
    private static let word = SessionEvent.timer(.kernelWord)

    private static let opening = [
        Situation("planned", .allocating, nil, SessionPlan(mode: .enter, leftovers: .wait, hasAddress: true)),
        Situation(
            "adopted", .active, nil,
            SessionPlan(adopting: .active(leaders: []), leftovers: .wait, hasAddress: true, cookie: 7)),
        Situation("preparing", .allocating, after: []),
        Situation("namespaceMade", .allocating, after: [.namespaceMade(cookie: 7)]),
        Situation("intentStored", .allocating, after: [.intentStored]),
        Situation("doomedBoth", .closing, after: [close]),
        Situation("doomedTransaction", .closing, after: [close, .namespaceMade(cookie: 7)]),
        Situation("doomedNamespace", .closing, after: [close, .intentStored]),
        Situation("connecting", .allocating, after: made),
        Situation("connectingReserve", .allocating, mode: .reserve, after: made),
        Situation("connectingDoomed", .closing, after: made + [close]),
    ]

    private static let inUse = [
        Situation("handedOver", .allocating, timer: .entry, after: connected),
        Situation("handedOverKill", .allocating, timer: .entry, leftovers: .kill, after: connected),
        Situation("reserved", .active, mode: .reserve, after: connected),
        Situation("reservedKill", .active, mode: .reserve, leftovers: .kill, after: connected),
        Situation("active", .active, after: one),
        Situation("activeKill", .active, leftovers: .kill, after: one),
        Situation("activeTwo", .active, after: two),
        Situation("activeTwoKill", .active, leftovers: .kill, after: two),
    ]

    private static let ending = [
        Situation("leaving", .closing, timer: .retry, leftovers: .kill, after: one + [.closeAsked(nil, from: .inside)]),
        Situation("counting", .closing, after: left),
        Situation("uncounted", .closing, timer: .retry, after: left + [.countFailed]),
        Situation("lingering", .lingering, timer: .sweep, after: left + [.membersCounted(3)]),
        Situation("sweeping", .lingering, after: left + [.membersCounted(3), .timer(.sweep)]),
        Situation("killing", .closing, leftovers: .kill, after: left),
        Situation(
            "killingAgain", .closing, leftovers: .kill, after: left + [.killIncomplete(remaining: 1), .timer(.retry)]),
        Situation(
            "pausedKilling", .closing, timer: .retry, leftovers: .kill, after: left + [.killIncomplete(remaining: 1)]),
        Situation("dismantling", .closing, leftovers: .kill, after: killed),
        Situation("dismantlingWord", .closing, leftovers: .kill, after: killed + [.networkGone]),
        Situation("dismantlingInUse", .closing, after: inUseElsewhere),
        Situation("dismantlingIsolated", .closing, hasAddress: false, after: failed),
        Situation("pausedDismantling", .closing, timer: .retry, leftovers: .kill, after: killed + [.dismantleFailed]),
        Situation(
            "pausedDismantlingWord", .closing, timer: .retry, leftovers: .kill,
            after: killed + [.networkGone, .dismantleFailed]),
        Situation(
            "awaitingWord", .closing, timer: .kernelWord, leftovers: .kill, after: killed + [.dismantled(alive: true)]),
        Situation(
            "awaitingWordIsolated", .closing, timer: .kernelWord, hasAddress: false,
            after: failed + [.dismantled(alive: true)]),
        Situation("deletingLink", .closing, leftovers: .kill, after: killed + [.dismantled(alive: true), word]),
        Situation("deletingLinkInUse", .closing, after: inUseElsewhere + [.dismantled(alive: true), word]),
        Situation(
            "deletingLinkIsolated", .closing, hasAddress: false, after: failed + [.dismantled(alive: true), word]),
        Situation(
            "pausedDeletingLink", .closing, timer: .retry, leftovers: .kill,
            after: killed + [.dismantled(alive: true), word, .linkDeletionFailed]),
    ]

    private static let over = [
        Situation("held", .held, timer: .hold, leftovers: .kill, after: killed + [.dismantled(alive: false)]),
        Situation("quarantined", .quarantined, timer: .hold, after: inUseElsewhere + [.dismantled(alive: false)]),
        Situation("ended", .ended, leftovers: .kill, after: killed + [.dismantled(alive: false), .timer(.hold)]),
    ]
}
