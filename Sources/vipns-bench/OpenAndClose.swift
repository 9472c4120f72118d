import ClientAPI
import Glibc

/// Opens and closes at the API beside the floor, in turns, each in the same state of the host.
struct OpenAndClose {
    private var floorOpen = Samples()
    private var floorClose = Samples()
    private var open = Samples()
    private var close = Samples()
    private var ping = Samples()

    /// Takes `rounds` turns of `size` sessions each.
    mutating func run(rounds: Int, size: Int, floor: FloorNetwork) throws {
        let client = try VipnsClient()
        for _ in 0..<rounds {
            try runFloor(size, floor)
            settle()
            try runService(size, client)
            settle()
        }
    }

    private mutating func runFloor(_ size: Int, _ floor: FloorNetwork) throws {
        var opened: [FloorNetwork.Opened] = []
        for _ in 0..<size {
            let start = ContinuousClock.now
            opened.append(try floor.open())
            floorOpen.add(since: start)
        }
        for session in opened {
            let start = ContinuousClock.now
            try floor.close(session)
            floorClose.add(since: start)
        }
    }

    private mutating func runService(_ size: Int, _ client: VipnsClient) throws {
        var opened: [String] = []
        for _ in 0..<size {
            let start = ContinuousClock.now
            opened.append(try client.openReserved().id)
            open.add(since: start)
        }
        for _ in 0..<size {
            let start = ContinuousClock.now
            _ = try client.pools()
            ping.add(since: start)
        }
        for session in opened {
            let start = ContinuousClock.now
            _ = try client.close(session: session)
            close.add(since: start)
        }
    }

    /// Adds the lines for `held` sessions held meanwhile.
    func report(held: String, to table: inout ResultTable) {
        table.add(
            "open, \(held) held, p50", open.p50, .milliseconds, floor: floorOpen.p50,
            targets: .atMostTimesFloor(1.5))
        table.add("open, \(held) held, p99", open.p99, .milliseconds, floor: floorOpen.p99)
        table.add("close, \(held) held, p50", close.p50, .milliseconds, floor: floorClose.p50)
        table.add("close, \(held) held, p99", close.p99, .milliseconds, floor: floorClose.p99)
        table.add("a call that only reads (Pools), \(held) held, p50", ping.p50, .milliseconds)
    }
}

/// Lets the kernel finish what a turn has left to it: namespaces end on a thread of its own.
func settle() { usleep(150_000) }
