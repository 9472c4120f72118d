import Leasing
import Testing

@testable import SessionPlan

struct TransitionTableTests {
    @Test(arguments: Situation.all) func `every event in a situation leads where the table says`(
        situation: Situation
    ) throws {
        let row = try #require(TransitionTable.cells[situation.description], "no row")
        for (head, event) in Column.events {
            let code = try #require(row[head], "no cell for \(head)")
            let before = situation.plan
            let reason = before.endReason
            let outcome = try #require(Outcome.named(code, step: before.step, reason: reason), "no code \(code)")
            var plan = before
            let actions = plan.handle(event)
            #expect(plan.step == outcome.step, "\(head)")
            #expect(actions == prefix(situation, event, outcome) + outcome.actions, "\(head)")
            #expect(plan.leftovers == leftovers(before, event), "\(head)")
        }
    }

    @Test(arguments: Situation.all) func `a situation shows its coarse state and its timer`(situation: Situation) {
        #expect(situation.plan.state == situation.state)
        #expect(situation.plan.step.timer == situation.timer)
    }

    @Test func `the table has a row for each situation and a column for each event`() {
        #expect(Set(TransitionTable.cells.keys) == Set(Situation.all.map(\.description)))
        #expect(Set(Situation.all.map(\.description)).count == Situation.all.count)
        for (name, row) in TransitionTable.cells { #expect(Set(row.keys) == Set(Column.events.keys), "\(name)") }
        #expect(Set(Column.events.values).count == Column.events.count)
        #expect(Set(Column.events.values.map(Column.number)) == Set(0..<Column.caseCount))
    }

    @Test func `the situations reach every step`() {
        #expect(Set(Situation.all.map { number(of: $0.plan.step) }) == Set(0..<21))
    }

    /// The rules that hold everywhere: a timer of the old step stops unless it fired or goes on, and no leader is
    /// forgotten late.
    private func prefix(_ situation: Situation, _ event: SessionEvent, _ outcome: Outcome) -> [SessionAction] {
        var actions: [SessionAction] = []
        if let timer = situation.timer, event != .timer(timer), outcome.step.timer != timer {
            actions.append(.stopTimer(timer))
        }
        let lost = situation.plan.leaders.subtracting(outcome.step.leaders)
        return actions + lost.sorted().map { .forgetLeader($0) }
    }

    /// A policy that comes with a close counts while members may be there and nothing was done about them.
    private func leftovers(_ plan: SessionPlan, _ event: SessionEvent) -> LeftoversPolicy {
        guard case .closeAsked(let policy?, _) = event else { return plan.leftovers }
        switch plan.step {
        case .handedOver, .active, .leaving, .counting, .uncounted, .lingering, .sweeping: return policy
        case .planned, .adopted, .preparing, .connecting, .closing, .resting, .ended: return plan.leftovers
        }
    }

    /// The number of a step; a new step does not compile until it has one.
    private func number(of step: Step) -> Int {
        switch step {
        case .planned: 0
        case .adopted: 1
        case .preparing(_, .wanted): 2
        case .preparing(_, .doomed): 3
        case .connecting(.wanted): 4
        case .connecting(.doomed): 5
        case .handedOver: 6
        case .active: 7
        case .leaving: 8
        case .counting: 9
        case .uncounted: 10
        case .lingering: 11
        case .sweeping: 12
        case .closing(.killing, _): 13
        case .closing(.pausedKilling, _): 14
        case .closing(.dismantling, _): 15
        case .closing(.pausedDismantling, _): 16
        case .closing(.awaitingWord, _), .closing(.deletingLink, _): 17
        case .closing(.pausedDeletingLink, _): 18
        case .resting: 19
        case .ended: 20
        }
    }
}
