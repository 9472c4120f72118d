import Addressing
import HelperChannel

/// What waits to be done for sessions that end, and in which order; touches nothing.
///
/// Sessions end in crowds: what waits is done by its urgency, and what is alike together. First come looks at all of
/// /proc, for counts and kills: the service waits for them. Then connections: their peers must not wait until other
/// sessions are taken apart. That comes last, one at a time. But after a look sessions are taken apart for as long as it
/// took before there is another: who asks for counts without pause keeps nobody's address.
struct EndQueue {
    typealias Kill = (sequence: UInt32, number: UInt32)
    typealias Dismantling = (sequence: UInt32, session: SessionID, number: UInt32)

    /// What is done in one go.
    enum Step {
        /// Requests for members, by their sequence, and kills: one look each serves all of them.
        case look(counts: [UInt32], kills: [Kill])
        /// Connections of sessions that are then to be unpinned.
        case endConnections([Dismantling])
        case unpin(Dismantling)
    }

    /// More are left with the sender.
    static let limit = 256

    private var counts: [UInt32] = []
    private var kills: [Kill] = []
    private var connected: [Dismantling] = []
    private var awaitingUnpin: [Dismantling] = []
    /// For how long sessions are taken apart before the next look.
    private var unpinBudget = Duration.zero

    private var count: Int { counts.count + kills.count + connected.count + awaitingUnpin.count }
    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= Self.limit }

    /// - Returns: whether the request is about an end; else it is not taken.
    mutating func take(_ request: HelperRequest, sequence: UInt32) -> Bool {
        switch request {
        case .members: counts.append(sequence)
        case .kill(let number): kills.append((sequence, number))
        case .dismantle(let session, let number): connected.append((sequence, session, number))
        case .hello, .listen, .make, .connect, .join, .unpin, .deleteLink, .list, .survey, .reload, .settle, .audit,
            .pin, .restore, .holders, .look:
            return false
        }
        return true
    }

    /// Takes out what is done next; nil where nothing waits.
    mutating func next() -> Step? {
        let waits = !connected.isEmpty || !awaitingUnpin.isEmpty
        if !(counts.isEmpty && kills.isEmpty), !waits || unpinBudget <= .zero {
            defer { (counts, kills) = ([], []) }
            return .look(counts: counts, kills: kills)
        }
        if !connected.isEmpty {
            defer { (connected, awaitingUnpin) = ([], awaitingUnpin + connected) }
            return .endConnections(connected)
        }
        return awaitingUnpin.isEmpty ? nil : .unpin(awaitingUnpin.removeFirst())
    }

    /// Notes how long a step has taken.
    mutating func note(_ step: Step, took duration: Duration) {
        switch step {
        case .look: unpinBudget = duration
        case .endConnections: break
        case .unpin: unpinBudget -= duration
        }
    }
}
