import Leasing
import Testing

@testable import SessionPlan

struct AdoptionTests {
    struct Case: CustomTestStringConvertible {
        let found: AdoptedState
        let leftovers: LeftoversPolicy
        let actions: [SessionAction]
        let before: SessionPlan.State
        let after: SessionPlan.State
        var testDescription: String { "\(found), \(leftovers)" }
    }

    private static let dismantle: [SessionAction] = [.recordState, .dismantle]
    private static let two: Set<LeaderID> = [LeaderID(9), LeaderID(3)]

    static let cases = [
        Case(
            found: .halfMade, leftovers: .wait, actions: dismantle + [.announce(.closing)], before: .allocating,
            after: .closing),
        Case(
            found: .active(leaders: two), leftovers: .wait,
            actions: [.watchLeader(LeaderID(3)), .watchLeader(LeaderID(9))],
            before: .active, after: .active),
        Case(found: .active(leaders: []), leftovers: .kill, actions: [], before: .active, after: .active),
        Case(
            found: .leaderless, leftovers: .wait, actions: [.countMembers, .announce(.closing)], before: .active,
            after: .closing),
        Case(
            found: .leaderless, leftovers: .kill, actions: [.killMembers, .announce(.closing)], before: .active,
            after: .closing),
        Case(
            found: .lingering(.leaderEnded), leftovers: .wait, actions: [.unpin, .startTimer(.sweep)],
            before: .lingering,
            after: .lingering),
        Case(found: .closing(.addressInUse), leftovers: .kill, actions: dismantle, before: .closing, after: .closing),
        Case(found: .vanished, leftovers: .wait, actions: dismantle, before: .closing, after: .closing),
        Case(found: .held, leftovers: .wait, actions: [.startTimer(.hold)], before: .held, after: .held),
        Case(
            found: .quarantined, leftovers: .wait, actions: [.startTimer(.hold)], before: .quarantined,
            after: .quarantined),
    ]

    @Test(arguments: cases) func `a session found after a restart is taken up where it was`(found: Case) {
        var plan = SessionPlan(adopting: found.found, leftovers: found.leftovers, hasAddress: true, cookie: 42)
        #expect(plan.state == found.before)
        #expect(plan.begin().isEmpty)
        #expect(plan.resume() == found.actions)
        #expect(plan.resume().isEmpty)
        #expect(plan.state == found.after)
        #expect(plan.cookie == 42)
    }

    @Test func `a session that the kernel does not know is held once what is left of its pin is gone`() {
        var plan = SessionPlan(adopting: .vanished, leftovers: .wait, hasAddress: true, cookie: nil)
        _ = plan.resume()
        let farewell = plan.handle(.dismantled(alive: false))
        #expect(farewell.first == .recordEnd(.destroyedFromOutside))
        #expect(plan.state == .held)
    }

    @Test func `an adopted session in conflict is quarantined`() {
        var plan = SessionPlan(adopting: .closing(.addressInUse), leftovers: .wait, hasAddress: true, cookie: nil)
        _ = plan.resume()
        _ = plan.handle(.dismantled(alive: false))
        #expect(plan.state == .quarantined)
    }

    @Test func `adopted leaders end their session like others`() {
        var plan = SessionPlan(adopting: .active(leaders: Self.two), leftovers: .wait, hasAddress: true, cookie: 1)
        _ = plan.resume()
        #expect(plan.handle(.leaderEnded(LeaderID(9))) == [.forgetLeader(LeaderID(9)), .recordState])
        #expect(plan.handle(.leaderEnded(LeaderID(3))).contains(.countMembers))
    }
}
