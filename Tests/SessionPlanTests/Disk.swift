import Addressing
import Leasing

@testable import SessionPlan

/// A session's row as a store keeps it: writes become durable in their order, and a crash takes the last ones.
struct Disk {
    struct Row: Equatable {
        var phase: SessionPlan.State
        let mode: SessionMode
        var leftovers: LeftoversPolicy
        var hasCookie = false
        var leaders: Set<LeaderID> = []
        var reason: EndReason?
    }

    private var durable: Row?
    private var waiting: [Row?] = []

    /// What a reader finds while the service lives.
    var newest: Row? { waiting.last ?? durable }

    mutating func write(_ row: Row?) { waiting.append(row) }

    /// Waits for the disk.
    mutating func sync() {
        durable = newest
        waiting = []
    }

    /// The service ends at any moment; so many of the writes that nobody waited for had come to the disk.
    mutating func crash(using dice: inout SeededGenerator) {
        waiting.removeLast(Int.random(in: 0...waiting.count, using: &dice))
        sync()
    }
}

extension Disk.Row {
    /// What is not of the plan is the same for all.
    var lease: Lease {
        Lease(
            session: .random(), bootID: "boot", number: 1 << 20, cookie: hasCookie ? 1 : nil, pool: "lab",
            addresses: [],
            parent: "lan0", macvlanMode: .bridge, user: "alice", uid: 1000, service: "sshd", mode: mode,
            leftovers: leftovers, phase: LeasePhase(rawValue: "\(phase)") ?? .held,
            leaders: leaders.map { Leader(pid: Int32(clamping: $0.rawValue), startTicks: $0.rawValue) }, openedAt: 0,
            openedBoot: 0, endReason: reason?.rawValue)
    }

    /// Brings it up to what the plan says, as the service does.
    mutating func refresh(_ plan: SessionPlan) {
        phase = plan.state == .ended ? .held : plan.state
        leftovers = plan.leftovers
        hasCookie = plan.cookie != nil
        leaders = plan.leaders
        reason = plan.endReason ?? reason
    }
}

/// What the kernel has of a session.
struct WorldKernel {
    /// Processes that said that they lead.
    var leaders: Set<LeaderID> = []
    /// Other processes.
    var others = 0
    var pinned = false
    var numbered = false
    var linked = false

    var members: Int { others + leaders.count }

    /// The namespace goes when nobody has it any more, and its link with it.
    mutating func collapse() { (numbered, linked) = (false, false) }

    /// Somebody ends all processes and unmounts the pin.
    mutating func destroy() { self = WorldKernel() }
}

extension AdoptedState {
    /// What a row and the kernel say together.
    init(_ row: Disk.Row, _ kernel: WorldKernel) {
        self.init(
            row.lease, isKnown: kernel.numbered, hasMembers: kernel.members > 0,
            leaders: row.leaders.intersection(kernel.leaders))
    }

    /// Its case alone.
    var kind: String { String("\(self)".prefix { $0 != "(" }) }
}
