import ClientAPI
import Glibc
import Lab
import LinuxSystem

/// Whole logins by ssh, with the PAM module in the stack and without; the floor is the same login without.
///
/// A login here is `ssh USER@127.0.0.1 true`, from the client's start to its exit.
struct Logins {
    private var with = Samples()
    private var without = Samples()
    private var crowdWith = Samples()
    private var crowdWithout = Samples()

    /// How many begin at once in a crowd.
    static let crowd = 50

    /// Logs in one after the other, in turns with the floor.
    mutating func runAlone(count: Int) throws {
        // The first login of each kind reads programs and libraries from the disk.
        for module in [true, false] { try Self.prepare(module: module, count: 2) }
        for _ in 0..<count {
            try LoginStacks.write(module: false)
            try Self.time(1, &without)
            try LoginStacks.write(module: true)
            try Self.time(1, &with)
        }
    }

    /// Logs in at once, until the last one is out again, in turns with the floor.
    mutating func runCrowd(rounds: Int) throws {
        for _ in 0..<rounds {
            try LoginStacks.write(module: false)
            try Self.time(Self.crowd, &crowdWithout)
            try LoginStacks.write(module: true)
            try Self.time(Self.crowd, &crowdWith)
        }
    }

    private static func prepare(module: Bool, count: Int) throws {
        var samples = Samples()
        try LoginStacks.write(module: module)
        for _ in 0..<count { try time(1, &samples) }
    }

    private static func time(_ count: Int, _ samples: inout Samples) throws {
        let start = ContinuousClock.now
        try logIn(count)
        samples.add(since: start)
        settle()
    }

    /// Begins so many logins at once and waits for their ends.
    fileprivate static func logIn(_ count: Int) throws {
        let users = (0..<count).map { LabAccounts.all[$0 % LabAccounts.all.count].name }
        let script = """
            for user; do ssh "$user@127.0.0.1" true & logins="$logins $!"; done
            for login in $logins; do wait "$login" || exit 1; done
            """
        let ending = try ChildProcess("/bin/sh", arguments: ["-c", script, "sh"] + users, error: 2).wait()
        guard ending == .exited(0) else { throw BenchError("a login of \(count) failed: \(ending)") }
    }

    /// Adds the lines.
    func report(to table: inout ResultTable) {
        table.add("`ssh host true` with the module, p50", with.p50, .milliseconds, floor: without.p50)
        table.add("`ssh host true` with the module, p99", with.p99, .milliseconds, floor: without.p99)
        table.add(
            "\(Self.crowd) logins at once, until the last is out", crowdWith.p50, .milliseconds, floor: crowdWithout.p50
        )
    }
}

/// Many logins, and what is left of them on the host and in the service.
struct LoginCensus {
    /// How many are under way at a time.
    private static let together = 8

    /// Logs in so many times and compares a census before and after; throws where anything is left.
    static func run(count: Int, to table: inout ResultTable) throws {
        try LoginStacks.write(module: true)
        try Logins.logIn(together)
        try waitForEnds()
        let before = Census.take()
        let opened = try openedBefore()
        let start = ContinuousClock.now
        for _ in 0..<(count / together) { try Logins.logIn(together) }
        let seconds = (ContinuousClock.now - start).inMilliseconds / 1000
        try waitForEnds()
        let left = Census.take().difference(from: before)
        guard left.isEmpty else { throw BenchError("\(count) logins left behind: \(left)") }
        let sessions = try openedBefore() - opened
        guard sessions == count else { throw BenchError("\(count) logins had \(sessions) sessions") }
        table.add(
            "\(count) logins, \(together) at a time, each with a session; left behind: nothing",
            Double(count) / seconds,
            .perSecond)
    }

    /// Waits until the service has no session and every address is free.
    private static func waitForEnds() throws {
        let client = try VipnsClient()
        for _ in 0..<200 {
            let pools = try client.pools()
            if try client.list().isEmpty, pools.allSatisfy({ $0.free == $0.total }) { return }
            usleep(50_000)
        }
        throw BenchError("sessions are left 10 s after the last login's end: \(try client.list().map(\.id))")
    }

    private static func openedBefore() throws -> Int { try VipnsClient().history(limit: 10_000).count }
}
