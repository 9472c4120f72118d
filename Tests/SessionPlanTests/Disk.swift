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
    /// What a row and the kernel say together: as the service's own reading of a lease, whose store and helper this has not.
    init(_ row: Disk.Row, _ kernel: WorldKernel) {
        let reason = row.reason ?? .closedByRequest
        let living = row.leaders.intersection(kernel.leaders)
        switch (row.phase, kernel.numbered) {
        case (.held, _), (.ended, _): self = .held
        case (.quarantined, _): self = .quarantined
        case (.lingering, false), (.closing, _): self = .closing(reason)
        case (.lingering, true): self = .lingering(reason)
        case (.allocating, false): self = .halfMade
        case (.active, false): self = .vanished
        case (.allocating, true): self = !row.hasCookie && kernel.members == 0 ? .halfMade : .leaderless
        case (.active, true):
            let isReserved = row.leaders.isEmpty && row.mode == .reserve
            self = isReserved || !living.isEmpty ? .active(leaders: living) : .leaderless
        }
    }

    /// Its case alone.
    var kind: String { String("\(self)".prefix { $0 != "(" }) }
}
