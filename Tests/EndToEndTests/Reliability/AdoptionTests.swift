import LinuxSystem
import Testing

extension EndToEnd {
    @Suite struct AdoptionTests {}
}

/// Makes so many leaders, says so, and keeps them.
private let leaders = """
    crowd = Crowd()
    crowd.grow(int(sys.stdin.readline()))
    print(len(crowd.sessions), *crowd.refused[:1])
    sys.stdin.readline()
    """

/// Asks until the service answers, and says when that was and what it said of the pool.
private let firstAnswer = """
    print("ready")
    sys.stdin.readline()
    while True:
        try:
            service = Service()
            pool = service.ask("Pools")["parameters"]["pools"][0]
            break
        except OSError:
            time.sleep(.002)
    print(int(now() * 1e6), pool["leased"], pool["total"] - pool["free"])
    """

extension TestLab {
    /// Starts a service that does not run, and measures from there on.
    ///
    /// - Returns: the time to its first answer, and the pool's addresses that were leased and not free then.
    fileprivate func startMeasured() throws -> (seconds: Double, leased: Int, taken: Int) {
        let asker = try startCrowd(firstAnswer)
        #expect(try asker.line() == "ready")
        try asker.say("go")
        let start = SystemClock.bootTimeMicroseconds()
        try tell("start service")
        let words = try asker.line(within: .seconds(60)).split(separator: " ").compactMap { Int($0) }
        guard words.count == 3 else { throw TestFailure("no answer: \(words)") }
        return (Double(Int64(words[0]) - start) / 1e6, words[1], words[2])
    }
}

extension EndToEnd.AdoptionTests {
    private static let options = ["--prefix-length", "16", "--range", "10.77.4.1-10.77.9.250"]

    @Test func `a service that is started anew takes up all that lives in less than a second`() async throws {
        let count = Dose.of(200, full: 1000)
        try await inLab(options: Self.options) { lab in
            let crowd = try lab.startCrowd(leaders)
            try crowd.say("\(count)")
            #expect(try crowd.line(within: .seconds(120)) == "\(count)")
            let before = try lab.sessions()
            var seconds = Double.infinity
            // Late is what is late three times: the machine may have been busy.
            for _ in 0..<3 where seconds >= Dose.limit(1) {
                try lab.tell("kill service")
                let start = try lab.startMeasured()
                #expect(start.leased == count && start.taken == count)
                seconds = min(seconds, start.seconds)
            }
            #expect(seconds < Dose.limit(1), "\(seconds) s")
            let after = try lab.sessions()
            #expect(after.count == count)
            #expect(after.map(\.address) == before.map(\.address) && after.map(\.cookie) == before.map(\.cookie))
            #expect(after.allSatisfy { $0.state == "active" } && after.map(\.leaders) == before.map(\.leaders))
            print("measured: \(count) live sessions: first answer \(seconds) s after the service's start")
            // They are watched as before.
            try crowd.say("end")
            try crowd.end()
            try lab.expectFullPool(within: .seconds(20))
        }
    }

    @Test func `after a reboot all leases are free in less than a second, and the history is closed`() async throws {
        let count = Dose.of(200, full: 1000)
        try await inLab(options: Self.options) { lab in
            _ = try lab.crowd(
                "service = Service()\nfor _ in range(\(count)): service.ask('Open', mode='reserve')",
                within: .seconds(120))
            #expect(try lab.pool().leased == count)
            for daemon in ["service", "helper"] { try lab.tell("kill \(daemon)") }
            // Nothing of a session is there when a machine comes up.
            let reboot = """
                set -e
                for pin in /run/vipns/netns/*; do umount "$pin"; rm "$pin"; done
                rm /run/netns/vipns-*
                cat /proc/sys/kernel/random/uuid > /run/boot_id
                mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
                """
            #expect(try lab.run(["sh", "-c", reboot], within: .seconds(60)).status == 0)
            try lab.tell("start helper")
            let (seconds, leased, taken) = try lab.startMeasured()
            #expect(leased == 0 && taken == 0)
            #expect(seconds < Dose.limit(1), "\(seconds) s")
            #expect(try lab.sessions().isEmpty)
            let history = try lab.history("--limit", "\(count + 1)")
            #expect(history.count == count && history.allSatisfy { $0.reason == "ended by reboot" && $0.ended != nil })
            print("measured: \(count) leases of another boot: free \(seconds) s after the service's start")
        }
    }
}
