import Leasing
import Testing

@testable import SessionPlan

/// A small generator whose numbers follow from its seed (SplitMix64), so that a broken walk can be walked again.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

struct RandomWalkTests {
    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func `no sequence of events breaks a promise`(seed: UInt64) {
        var dice = SeededGenerator(seed: seed)
        let all = Column.events.sorted { $0.key < $1.key }.map(\.value)
        var plan = SessionPlan(mode: .enter, leftovers: .wait, hasAddress: true)
        var ledger = Ledger()
        var trail: [SessionEvent] = []
        var seen: Set<SessionPlan.State> = []
        ledger.did(plan.begin(), plan)
        for _ in 0..<25_000 {
            // Half of the events are such that something waits for; else most walks would end at the first step.
            let awaited = all.filter { isAwaited($0, ledger) }
            guard let event = (Bool.random(using: &dice) ? awaited : all).randomElement(using: &dice) ?? all.first
            else { return }
            trail.append(event)
            ledger.happened(event)
            ledger.did(plan.handle(event), plan)
            seen.insert(plan.state)
            if !ledger.broken.isEmpty {
                Issue.record("\(ledger.broken) after \(trail)")
                return
            }
            guard ledger.released, Int.random(in: 0..<4, using: &dice) == 0 else { continue }
            let found = Bool.random(using: &dice) ? found.randomElement(using: &dice) : nil
            plan = anyPlan(using: &dice)
            if let found {
                plan = SessionPlan(adopting: found, leftovers: plan.leftovers, hasAddress: plan.hasAddress, cookie: 7)
            }
            (ledger, trail) = (Ledger(found: found), [])
            ledger.did(found == nil ? plan.begin() : plan.resume(), plan)
        }
        #expect(seen == Set(SessionPlan.State.allCases))
    }

    private let found: [AdoptedState] = [
        .halfMade, .active(leaders: []), .active(leaders: [LeaderID(1), LeaderID(2)]), .leaderless,
        .lingering(.leaderEnded), .closing(.addressInUse), .closing(.leaderEnded), .vanished, .held, .quarantined,
    ]

    private func isAwaited(_ event: SessionEvent, _ ledger: Ledger) -> Bool {
        if case .timer(let kind) = event { return ledger.timers.contains(kind) }
        return Ledger.request(answeredBy: event).map(ledger.open.contains) ?? false
    }
}

func anyPlan(using dice: inout SeededGenerator) -> SessionPlan {
    SessionPlan(
        mode: Bool.random(using: &dice) ? .enter : .reserve, leftovers: Bool.random(using: &dice) ? .wait : .kill,
        hasAddress: Int.random(in: 0..<4, using: &dice) > 0)
}
