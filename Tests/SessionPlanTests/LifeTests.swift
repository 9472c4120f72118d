import Leasing
import Testing

@testable import SessionPlan

struct LifeTests {
    @Test func `a login lives from the intent to the freed address`() {
        var plan = SessionPlan(mode: .enter, leftovers: .kill, hasAddress: true)
        let leader = LeaderID(5)
        #expect(plan.begin() == [.storeIntent, .makeNamespace])
        #expect(plan.begin().isEmpty)
        #expect(plan.handle(.namespaceMade(cookie: 99)).isEmpty)
        #expect(plan.handle(.intentStored) == [.connectNetwork])
        #expect(plan.cookie == 99)
        #expect(plan.handle(.networkConnected).contains(.handOver))
        #expect(plan.state == .allocating)
        _ = plan.handle(.entered(leader))
        #expect(plan.leaders == [leader])
        #expect(plan.handle(.leaderEnded(leader)) == [.forgetLeader(leader), .killMembers, .announce(.closing)])
        #expect(plan.handle(.membersKilled) == [.dropConnections, .recordState, .dismantle])
        #expect(plan.handle(.dismantled(alive: true)) == [.startTimer(.kernelWord)])
        #expect(
            plan.handle(.networkGone) == [
                .stopTimer(.kernelWord), .recordEnd(.leaderEnded), .settleClosers, .announce(.closed),
                .startTimer(.hold),
            ])
        #expect(plan.handle(.timer(.hold)) == [.release, .announce(.freed)])
        #expect(plan.state == .ended)
    }

    @Test func `whoever has said that it is in twice is watched once`() {
        var plan = driven([.intentStored, .namespaceMade(cookie: 1), .networkConnected, .entered(LeaderID(1))])
        #expect(plan.handle(.entered(LeaderID(1))).isEmpty)
        #expect(plan.leaders == [LeaderID(1)])
    }

    @Test(arguments: [LeftoversPolicy.wait, .kill]) func `a refused leader is not among the leaders`(
        leftovers: LeftoversPolicy
    ) {
        var plan = driven(
            [.intentStored, .namespaceMade(cookie: 1), .networkConnected, .closeAsked(leftovers, from: .outside)])
        #expect(plan.handle(.entered(LeaderID(1))).isEmpty)
        #expect(plan.leaders.isEmpty)
    }

    @Test func `an address that something else owns is quarantined even when the open was called off`() {
        var plan = driven([
            .intentStored, .namespaceMade(cookie: 1), .openerGone, .networkFailed(addressInUse: true),
        ])
        #expect(plan.endReason == .addressInUse)
        _ = plan.handle(.dismantled(alive: false))
        #expect(plan.state == .quarantined)
    }

    @Test func `an intent that was not stored ends like any other and releases the address`() {
        var plan = driven([.intentFailed, .namespaceMade(cookie: 1), .dismantled(alive: false)])
        #expect(plan.state == .held)
        #expect(plan.handle(.timer(.hold)) == [.release, .announce(.freed)])
    }

    @Test func `what happens before the beginning or after the end leads to nothing`() {
        for plan in [SessionPlan(mode: .reserve, leftovers: .kill, hasAddress: false), ended] {
            for event in Column.events.values {
                var after = plan
                #expect(after.handle(event).isEmpty)
                #expect(after == plan)
            }
        }
    }

    @Test func `every reason has words of its own`() {
        #expect(Set(EndReason.allCases.map(\.description)).count == EndReason.allCases.count)
    }

    private var ended: SessionPlan {
        driven([.intentFailed, .namespaceFailed, .dismantled(alive: false), .timer(.hold)])
    }

    private func driven(_ events: [SessionEvent]) -> SessionPlan {
        var plan = SessionPlan(mode: .enter, leftovers: .wait, hasAddress: true)
        _ = plan.begin()
        for event in events { _ = plan.handle(event) }
        return plan
    }
}
