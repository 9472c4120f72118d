@testable import SessionPlan

/// Books what a plan asked for and what happened, and lists every promise that it broke.
struct Ledger {
    private(set) var broken: [String] = []
    /// Requests whose answer is awaited.
    private(set) var open: Set<SessionAction> = []
    /// Timers that run.
    private(set) var timers: Set<TimerKind> = []
    private(set) var watched: Set<LeaderID> = []
    private(set) var released = false
    private var stored = false
    private var made = false
    private var word = false
    private var replies = 0
    private var ends = 0

    /// Opens the books for a new session, or for one found after a restart.
    init(found: AdoptedState? = nil) {
        // What a dump of the kernel's numbers lacks is gone by the kernel's word.
        word = found == .vanished
        guard found == .held || found == .quarantined else { return }
        (word, ends) = (true, 1)
    }

    private mutating func demand(_ kept: Bool, _ promise: String) {
        if !kept { broken.append(promise) }
    }

    static func request(answeredBy event: SessionEvent) -> SessionAction? {
        switch event {
        case .intentStored, .intentFailed: .storeIntent
        case .namespaceMade, .namespaceFailed: .makeNamespace
        case .networkConnected, .networkFailed: .connectNetwork
        case .membersCounted, .countFailed: .countMembers
        case .membersKilled, .killIncomplete: .killMembers
        case .dismantled, .dismantleFailed: .dismantle
        case .linkDeleted, .linkDeletionFailed: .deleteLink
        case .entered, .leaderEnded, .openerGone, .closeAsked, .networkGone, .timer: nil
        }
    }

    private var opening: Bool { open.contains(.makeNamespace) || open.contains(.connectNetwork) }

    /// Books an event; an answer that nobody waits for proves nothing.
    mutating func happened(_ event: SessionEvent) {
        if case .timer(let kind) = event { timers.remove(kind) }
        if event == .networkGone, !opening { word = true }
        guard let request = Self.request(answeredBy: event), open.remove(request) != nil else { return }
        if case .namespaceMade = event { made = true }
        if event == .intentStored { stored = true }
        if event == .dismantled(alive: false) || event == .linkDeleted { word = true }
    }

    /// Books the actions that followed, and the plan after them.
    mutating func did(_ actions: [SessionAction], _ plan: SessionPlan) {
        demand(!released || actions.isEmpty, "nothing follows the release")
        for action in actions { book(action) }
        if let place = actions.firstIndex(of: .release) {
            demand(actions[(place + 1)...].allSatisfy { $0 == .announce(.freed) }, "release comes last")
        }
        switch plan.state {
        case .held, .quarantined, .ended: demand(word, "an address is free only after the kernel's word")
        case .allocating, .active, .lingering, .closing: break
        }
        demand(timers == Set([plan.step.timer].compactMap(\.self)), "only the step's timer runs: \(timers)")
        demand(watched == plan.leaders, "exactly the leaders are watched")
        demand((plan.state == .ended) == released, "ended and released are one")
        demand(replies <= 1, "the opener gets one reply")
        demand(ends <= 1, "the end is recorded once")
    }

    private mutating func book(_ action: SessionAction) {
        switch action {
        case .storeIntent, .countMembers, .killMembers, .deleteLink: ask(action)
        case .makeNamespace:
            ask(action)
            word = false
        case .connectNetwork:
            demand(stored && made, "the network follows the intent and the namespace")
            ask(action)
            word = false
        case .dismantle:
            demand(open.isDisjoint(with: [.makeNamespace, .connectNetwork, .storeIntent]), "nothing is made meanwhile")
            ask(action)
        case .handOver, .refuse: replies += 1
        case .recordEnd: ends += 1
        case .watchLeader(let leader): demand(watched.insert(leader).inserted, "a leader is watched once")
        case .forgetLeader(let leader): demand(watched.remove(leader) != nil, "only a watched leader is forgotten")
        case .startTimer(let kind): demand(timers.insert(kind).inserted, "a timer is started once")
        case .stopTimer(let kind): demand(timers.remove(kind) != nil, "only a running timer is stopped")
        case .release:
            demand(!released && ends == 1, "release comes once, after the end is recorded")
            released = true
        case .recordState, .dropConnections, .unpin, .reportHolders, .announce, .settleClosers: break
        }
    }

    private mutating func ask(_ request: SessionAction) {
        demand(open.insert(request).inserted, "\(request) is asked once at a time")
    }
}
