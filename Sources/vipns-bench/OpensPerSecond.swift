import ClientAPI

/// How many sessions a second can be opened: by the floor, by one client, by four.
struct OpensPerSecond {
    private var floorRate = Rate()
    private var rates: [Int: Rate] = [:]
    private static let clients = [1, 4]

    /// Takes `rounds` turns of `size` sessions each.
    mutating func run(rounds: Int, size: Int, floor: FloorNetwork) throws {
        for _ in 0..<rounds {
            try runFloor(size, floor)
            settle()
            for count in Self.clients {
                try runClients(count, size)
                settle()
            }
        }
    }

    private mutating func runFloor(_ size: Int, _ floor: FloorNetwork) throws {
        let start = ContinuousClock.now
        let opened = try (0..<size).map { _ in try floor.open() }
        floorRate.add(size, in: ContinuousClock.now - start)
        for session in opened { try floor.close(session) }
    }

    private mutating func runClients(_ count: Int, _ size: Int) throws {
        let each = size / count
        let start = try onClientThreads(count) { _, client in
            for _ in 0..<each { _ = try client.openReserved() }
        }
        rates[count, default: Rate()].add(each * count, in: ContinuousClock.now - start)
        try closeEverything()
    }

    /// Adds the lines.
    func report(to table: inout ResultTable) {
        for count in Self.clients {
            table.add(
                "opens a second, \(count) client\(count == 1 ? "" : "s")", rates[count]?.perSecond ?? 0, .perSecond,
                floor: floorRate.perSecond, targets: .atLeastTimesFloor(0.8))
        }
    }
}

/// Closes every session that lives.
func closeEverything() throws {
    let living = try VipnsClient().list().filter { $0.state == .active }.map(\.id)
    try onClientThreads(8) { index, client in
        for position in stride(from: index, to: living.count, by: 8) {
            _ = try client.close(session: living[position])
        }
    }
}
