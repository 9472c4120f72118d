public import Leasing

/// The life of a session as a value: an event goes in, the actions that it asks for come out.
///
/// Theory of operation. The plan stands in one `Step`; a step waits either for answers to requests or for a timer or
/// for somebody outside. Three rules make every sequence of events safe:
///
/// - An answer counts only in the step that waits for it; anywhere else it is late or repeated, and ignored.
/// - `move` is the only way from step to step: it stops the old step's timer, forgets leaders that are leaders no
///   more, starts the new step's timer and announces the end.
/// - `gone` is the only way to rest or end an address, and it demands the kernel's word.
public struct SessionPlan: Sendable, Equatable {
    /// The coarse view, for store and clients.
    public enum State: Sendable, Hashable, CaseIterable {
        /// Intent is stored; the kernel may hold half of it.
        case allocating
        /// It has leaders, or is reserved.
        case active
        /// No leader counts any more, other processes live on.
        case lingering
        /// Being taken apart.
        case closing
        /// All gone; the address rests.
        case held
        /// All gone; the address rests because something else owns it.
        case quarantined
        /// Released.
        case ended
    }

    /// Whether there is an address to rest; an isolated session has only its loopback.
    public let hasAddress: Bool
    /// What happens to processes that outlive the leaders.
    public internal(set) var leftovers: LeftoversPolicy
    /// The namespace's cookie, once it is made.
    public internal(set) var cookie: UInt64?
    var step: Step

    /// Plans a session that does not exist yet; `begin` tells what to do first.
    public init(mode: SessionMode, leftovers: LeftoversPolicy, hasAddress: Bool) {
        self.init(step: .planned(mode), leftovers: leftovers, hasAddress: hasAddress, cookie: nil)
    }

    init(step: Step, leftovers: LeftoversPolicy, hasAddress: Bool, cookie: UInt64?) {
        self.step = step
        self.leftovers = leftovers
        self.hasAddress = hasAddress
        self.cookie = cookie
    }

    /// The coarse view of where the session stands.
    public var state: State { step.state }
    /// The leaders; one whose `entered` was refused is not among them.
    public var leaders: Set<LeaderID> { step.leaders }
    /// Why the session ends, from the decision to end it until `recordEnd`.
    public var endReason: EndReason? { step.endReason }

    /// Starts the session's life; without effect the second time.
    public mutating func begin() -> [SessionAction] {
        guard case .planned(let mode) = step else { return [] }
        return move(to: .preparing(.both, .wanted(mode)), [.storeIntent, .makeNamespace])
    }

    /// Takes in what happened and tells what to do; before `begin` or `resume` and after `release`, nothing.
    public mutating func handle(_ event: SessionEvent) -> [SessionAction] {
        switch event {
        case .intentStored: transactionAnswered(failure: nil)
        case .intentFailed: transactionAnswered(failure: .intentFailed)
        case .namespaceMade(let cookie): namespaceAnswered(cookie: cookie)
        case .namespaceFailed: namespaceAnswered(cookie: nil)
        case .networkConnected: networkConnected()
        case .networkFailed(let inUse): networkFailed(inUse ? .addressInUse : .networkFailed)
        case .entered(let leader): entered(leader)
        case .leaderEnded(let leader): leaderEnded(leader)
        case .openerGone: openerGone()
        case .closeAsked(let policy, let asker): closeAsked(policy, from: asker)
        case .membersCounted(let count): membersCounted(count)
        case .countFailed: countFailed()
        case .membersKilled: membersKilled()
        case .killIncomplete: killIncomplete()
        case .dismantled(let alive): dismantled(alive: alive)
        case .dismantleFailed: dismantleFailed()
        case .networkGone: networkGone()
        case .linkDeleted: linkDeleted()
        case .linkDeletionFailed: linkDeletionFailed()
        case .timer(let kind): ranOut(kind)
        }
    }

    /// Goes to another step: the only place that changes it.
    ///
    /// - Parameter fired: the old step's timer is what brought us here, so it need not be stopped.
    mutating func move(to next: Step, _ actions: [SessionAction] = [], fired: Bool = false) -> [SessionAction] {
        let last = step
        step = next
        var all: [SessionAction] = []
        // A timer that belongs to both steps runs on.
        let goesOn = last.timer == next.timer && !fired
        if let timer = last.timer, !fired, !goesOn { all.append(.stopTimer(timer)) }
        all += last.leaders.subtracting(next.leaders).sorted().map { .forgetLeader($0) }
        all += actions
        if let timer = next.timer, !goesOn { all.append(.startTimer(timer)) }
        if next.state == .closing, last.state != .closing { all.append(.announce(.closing)) }
        if next.state == .lingering, last.state != .lingering { all.append(.announce(.lingering)) }
        return all
    }
}
