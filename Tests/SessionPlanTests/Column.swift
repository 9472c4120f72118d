import Leasing
import SessionPlan

/// The events of the transition table, by the heads of its columns.
enum Column {
    static let events: [String: SessionEvent] = [
        "iS": .intentStored, "iF": .intentFailed, "nM": .namespaceMade(cookie: 7), "nF": .namespaceFailed,
        "cN": .networkConnected, "cF": .networkFailed(addressInUse: false), "cU": .networkFailed(addressInUse: true),
        "e1": .entered(LeaderID(1)), "e2": .entered(LeaderID(2)),
        "l1": .leaderEnded(LeaderID(1)), "l2": .leaderEnded(LeaderID(2)), "oG": .openerGone,
        "xo": .closeAsked(nil, from: .outside), "xi": .closeAsked(nil, from: .inside),
        "ko": .closeAsked(.kill, from: .outside), "ki": .closeAsked(.kill, from: .inside),
        "wo": .closeAsked(.wait, from: .outside), "wi": .closeAsked(.wait, from: .inside),
        "m0": .membersCounted(0), "m3": .membersCounted(3), "mF": .countFailed,
        "mK": .membersKilled, "mI": .killIncomplete(remaining: 2),
        "dD": .dismantled(alive: false), "dA": .dismantled(alive: true), "dF": .dismantleFailed,
        "nG": .networkGone, "lD": .linkDeleted, "lF": .linkDeletionFailed,
        "tE": .timer(.entry), "tW": .timer(.kernelWord), "tR": .timer(.retry), "tS": .timer(.sweep),
        "tH": .timer(.hold),
    ]

    /// The number of an event's case; a new case does not compile until it has one.
    static func number(of event: SessionEvent) -> Int {
        switch event {
        case .intentStored: 0
        case .intentFailed: 1
        case .namespaceMade: 2
        case .namespaceFailed: 3
        case .networkConnected: 4
        case .networkFailed: 5
        case .entered: 6
        case .leaderEnded: 7
        case .openerGone: 8
        case .closeAsked: 9
        case .membersCounted: 10
        case .countFailed: 11
        case .membersKilled: 12
        case .killIncomplete: 13
        case .dismantled: 14
        case .dismantleFailed: 15
        case .networkGone: 16
        case .linkDeleted: 17
        case .linkDeletionFailed: 18
        case .timer: 19
        }
    }
    static let caseCount = 20
}
