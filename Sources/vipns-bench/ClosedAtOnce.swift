import Addressing
import ClientAPI

/// Many sessions closed at the same moment, until every link is proved gone.
struct ClosedAtOnce {
    private var answered = Samples()
    private var gone = Samples()
    private var floorAnswered = Samples()
    private var floorGone = Samples()
    private let count: Int

    init(count: Int) { self.count = count }

    /// Closes `count` sessions by as many callers, so many times over, in turns with the floor.
    mutating func run(rounds: Int, floor: FloorNetwork) throws {
        let probe = try MACProbe()
        for _ in 0..<rounds {
            try runFloor(floor, probe)
            settle()
            try runService(probe)
            settle()
        }
    }

    private mutating func runFloor(_ floor: FloorNetwork, _ probe: borrowing MACProbe) throws {
        let sessions = try (0..<count).map { _ in try floor.open() }
        settle()
        let start = ContinuousClock.now
        for session in sessions { try floor.beginClose(session) }
        floorAnswered.add(since: start)
        try probe.waitUntilFree(sessions.map(\.mac))
        floorGone.add(since: start)
    }

    private mutating func runService(_ probe: borrowing MACProbe) throws {
        let sessions = try HeldSessions(opening: count)
        settle()
        // The probe itself must tell: while a session lives its address is refused.
        guard let first = sessions.macs.first, try !probe.take(first) else {
            throw BenchError("the probe does not see a link that is there")
        }
        let start = try sessions.closeAll(callers: count)
        answered.add(since: start)
        try probe.waitUntilFree(sessions.macs)
        gone.add(since: start)
    }

    /// Adds the lines.
    func report(to table: inout ResultTable) {
        table.add(
            "\(count) closed at once, until the last answer", answered.p50, .milliseconds, floor: floorAnswered.p50)
        table.add(
            "\(count) closed at once, until every link is gone", gone.p50, .milliseconds, floor: floorGone.p50,
            targets: .atMost(500))
    }
}
