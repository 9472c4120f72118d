import ClientAPI

/// Many sessions closed at the same moment, until every link is proved gone.
struct ClosedAtOnce {
    private var answered = Samples()
    private var gone = Samples()
    private let count: Int

    init(count: Int) { self.count = count }

    /// Closes `count` sessions by as many callers, so many times over.
    mutating func run(rounds: Int) throws {
        let probe = try MACProbe()
        for _ in 0..<rounds {
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
            settle()
        }
    }

    /// Adds the lines.
    func report(to table: inout ResultTable) {
        table.add("\(count) closed at once, until the last answer", answered.p50, .milliseconds)
        table.add(
            "\(count) closed at once, until every link is gone", gone.p50, .milliseconds, targets: .atMost(500))
    }
}
