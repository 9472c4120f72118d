import Leasing

@testable import SessionPlan

/// Where an event leads and what it asks for, but for the two rules that hold everywhere: a step that is left stops
/// its timer and forgets its leaders.
struct Outcome {
    let step: Step
    let actions: [SessionAction]

    init(_ step: Step, _ actions: [SessionAction] = []) {
        self.step = step
        self.actions = actions
    }

    /// The outcome of a code of the table; `reason` and `step` are those of the row.
    static func named(_ code: String, step: Step, reason: EndReason?) -> Outcome? {
        if code == "." { return Outcome(step) }
        if code == "fr" { return freed }
        if code == "st" { return Outcome(step, [.settleClosers]) }
        if code == "lv" { return Outcome(.leaving(leaders: step.leaders), [.startTimer(.retry), .announce(.closing)]) }
        return opening[code] ?? inUse[code] ?? reason.flatMap { ending($0)[code] }
    }

    private static func doom(
        _ unanswered: Step.Unanswered?, _ reason: EndReason, _ actions: [SessionAction]
    ) -> Outcome {
        let step: Step = unanswered.map { .preparing($0, .doomed(reason)) } ?? .connecting(.doomed(reason))
        return Outcome(step, actions + [.announce(.closing)])
    }

    private static func failure(_ reason: EndReason, _ failure: OpenFailure) -> Outcome {
        Outcome(
            .closing(.dismantling(nil), reason),
            [.refuse(failure), .announce(.failed), .recordState, .dismantle, .announce(.closing)])
    }

    private static let refused: [SessionAction] = [.refuse(.closed), .announce(.refused)]
    private static let noNamespace: [SessionAction] = [.refuse(.namespace), .announce(.failed)]

    private static let opening: [String: Outcome] = [
        "t1": Outcome(.preparing(.namespace, .wanted(.enter))),
        "t2": Outcome(.preparing(.transaction, .wanted(.enter))),
        "cn": Outcome(.connecting(.wanted(.enter)), [.connectNetwork]),
        "f1": doom(.namespace, .intentFailed, [.refuse(.intent), .announce(.failed)]),
        "f2": doom(.transaction, .namespaceFailed, noNamespace),
        "f3": failure(.intentFailed, .intent),
        "f4": failure(.namespaceFailed, .namespace),
        "f5": failure(.networkFailed, .network),
        "f6": failure(.addressInUse, .addressInUse),
        "c1": doom(.both, .closedByRequest, refused),
        "c2": doom(.transaction, .closedByRequest, refused),
        "c3": doom(.namespace, .closedByRequest, refused),
        "c4": doom(nil, .closedByRequest, refused),
        "o1": doom(.both, .openerGone, []),
        "o2": doom(.transaction, .openerGone, []),
        "o3": doom(.namespace, .openerGone, []),
        "o4": doom(nil, .openerGone, []),
        "g2": doom(.transaction, .destroyedFromOutside, noNamespace),
        "g4": doom(nil, .destroyedFromOutside, noNamespace),
        "q1": Outcome(.closing(.dismantling(nil), .addressInUse), [.recordState, .dismantle]),
        "ho": Outcome(.handedOver, [.handOver, .recordState, .announce(.opened), .startTimer(.entry)]),
        "rs": Outcome(.active(leaders: []), [.handOver, .recordState, .announce(.opened)]),
    ]

    private static func welcome(_ leader: UInt64, _ leaders: Set<LeaderID>) -> Outcome {
        Outcome(.active(leaders: leaders), [.watchLeader(LeaderID(leader)), .recordState, .announce(.entered)])
    }

    private static func count(_ reason: EndReason) -> Outcome {
        Outcome(.counting(reason), [.countMembers, .announce(.closing)])
    }

    private static func kill(_ reason: EndReason) -> Outcome {
        Outcome(.closing(.killing(reported: false), reason), [.killMembers, .announce(.closing)])
    }

    private static let inUse: [String: Outcome] = [
        "e1": welcome(1, [LeaderID(1)]),
        "e2": welcome(2, [LeaderID(2)]),
        "e+": welcome(2, [LeaderID(1), LeaderID(2)]),
        "la": Outcome(.active(leaders: [LeaderID(2)]), [.recordState]),
        "lb": Outcome(.active(leaders: [LeaderID(1)]), [.recordState]),
        "n0": count(.closedByRequest), "nl": count(.leaderEnded), "no": count(.openerGone), "nn": count(.neverEntered),
        "k0": kill(.closedByRequest), "kl": kill(.leaderEnded), "ko": kill(.openerGone), "kn": kill(.neverEntered),
        "g0": Outcome(
            .closing(.dismantling(.numberGone), .destroyedFromOutside), [.recordState, .dismantle, .announce(.closing)]),
        "k1": Outcome(.closing(.killing(reported: false), .closedByRequest), [.killMembers]),
        "n1": Outcome(.counting(.closedByRequest), [.countMembers]),
    ]

    private static func ending(_ reason: EndReason) -> [String: Outcome] {
        func closing(_ closing: Step.Closing, _ actions: [SessionAction] = []) -> Outcome {
            Outcome(.closing(closing, reason), actions)
        }
        let gone: [SessionAction] = [.recordEnd(reason), .settleClosers, .announce(.closed)]
        return [
            "d1": Outcome(.preparing(.namespace, .doomed(reason))),
            "d2": Outcome(.preparing(.transaction, .doomed(reason))),
            "dm": closing(.dismantling(nil), [.recordState, .dismantle]),
            "m0": closing(.dismantling(nil), [.dropConnections, .recordState, .dismantle]),
            "mx": closing(.dismantling(nil), [.dropConnections, .recordState, .dismantle, .announce(.closing)]),
            "g1": closing(.dismantling(.numberGone), [.recordState, .dismantle]),
            "gx": closing(.dismantling(.numberGone), [.recordState, .dismantle, .announce(.closing)]),
            "un": Outcome(.uncounted(reason), [.startTimer(.retry)]),
            "nr": Outcome(.counting(reason), [.countMembers]),
            "li": Outcome(
                .lingering(reason),
                [.dropConnections, .recordState, .unpin, .settleClosers, .startTimer(.sweep), .announce(.lingering)]),
            "lx": Outcome(.lingering(reason), [.startTimer(.sweep)]),
            "sw": Outcome(.sweeping(reason), [.countMembers]),
            "kr": closing(.killing(reported: false), [.killMembers]),
            "kx": closing(.killing(reported: false), [.killMembers, .announce(.closing)]),
            "ka": closing(.killing(reported: true), [.killMembers]),
            "pk": closing(.pausedKilling, [.reportHolders, .startTimer(.retry)]),
            "pq": closing(.pausedKilling, [.startTimer(.retry)]),
            "aw": closing(.awaitingWord, [.startTimer(.kernelWord)]),
            "dw": closing(.dismantling(.numberGone)),
            "pd": closing(.pausedDismantling(nil), [.startTimer(.retry)]),
            "pw": closing(.pausedDismantling(.numberGone), [.startTimer(.retry)]),
            "pg": closing(.pausedDismantling(.numberGone)),
            "da": closing(.dismantling(nil), [.dismantle]),
            "db": closing(.dismantling(.numberGone), [.dismantle]),
            "dl": closing(.deletingLink, [.deleteLink, .reportHolders]),
            "dx": closing(.deletingLink, [.deleteLink]),
            "pl": closing(.pausedDeletingLink, [.startTimer(.retry)]),
            "gn": Outcome(.resting(.held), gone + [.startTimer(.hold)]),
            "gq": Outcome(.resting(.quarantined), gone + [.startTimer(.hold)]),
            "gi": Outcome(.ended, gone + [.release]),
        ]
    }

    /// The end of a hold.
    private static let freed = Outcome(.ended, [.release, .announce(.freed)])
}
