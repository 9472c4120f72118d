import Foundation
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

/// A quarter each of so many leases: reserved, active, lingering with a process that has outlived its leader, and held.
private let allPhases = """
    quarter = int(sys.stdin.readline()) // 4
    def leave(session):
        "Leads a session no longer than until somebody else is in it."
        if os.fork() == 0: rest(session)
        os._exit(0)
    crowd, service = Crowd(), Service()
    for _ in range(quarter): service.ask("Open", mode="reserve")
    crowd.grow(quarter)
    crowd.grow(quarter, leave)
    for _ in range(quarter):
        session = service.ask("Open", mode="reserve")["parameters"]["session"]
        service.ask("Close", session=session["id"])
    print(len(crowd.sessions), *crowd.refused[:1])
    sys.stdin.readline()
    """

/// Ends all that stands in another network namespace than this, and takes away pins and names; gives another boot's id.
private let reboot = """
    own = os.readlink("/proc/self/ns/net")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") != own: os.kill(int(pid), signal.SIGKILL)
        except OSError: pass
    for name in os.listdir("/run/vipns/netns"):
        libc.umount2(f"/run/vipns/netns/{name}".encode(), 2)
        os.unlink(f"/run/vipns/netns/{name}")
    for name in os.listdir("/run/netns"):
        if name.startswith("vipns-"): os.unlink(f"/run/netns/{name}")
    import subprocess, uuid
    open("/run/boot_id", "w").write(f"{uuid.uuid4()}\\n")
    subprocess.run(["mount", "--bind", "/run/boot_id", "/proc/sys/kernel/random/boot_id"], check=True)
    """

/// What the store has of leases, by their phase.
private let storedPhases = """
    import sqlite3
    file = sqlite3.connect("file:/run/vipns-lab/state/vipns.db?mode=ro", uri=True)
    print(json.dumps(dict(file.execute("SELECT phase, count(*) FROM lease GROUP BY phase").fetchall())))
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
            var starts: [Double] = []
            for _ in 0..<3 {
                try lab.tell("kill service")
                let start = try lab.startMeasured()
                #expect(start.leased == count && start.taken == count)
                starts.append(start.seconds)
            }
            // The median: one that is late may be the machine's doing, two are not.
            let seconds = starts.sorted()[1]
            #expect(seconds < Dose.limit(1), "\(starts) s")
            let after = try lab.sessions()
            #expect(after.count == count)
            #expect(after.map(\.address) == before.map(\.address) && after.map(\.cookie) == before.map(\.cookie))
            #expect(after.allSatisfy { $0.state == "active" } && after.map(\.leaders) == before.map(\.leaders))
            print("measured: \(count) live sessions: first answer \(starts) s after the service's starts")
            // They are watched as before.
            try crowd.say("end")
            try crowd.end()
            try lab.expectFullPool(within: .seconds(20))
        }
    }

    @Test func `after a reboot all leases are free in less than a second, and the history is closed`() async throws {
        let count = Dose.of(200, full: 1000)
        // Longer than the test: what is held is free again by the reboot, and by nothing else.
        try await inLab(options: Self.options + ["--hold", "1h"]) { lab in
            let crowd = try lab.startCrowd(allPhases)
            try crowd.say("\(count)")
            #expect(try crowd.line(within: .seconds(120)) == "\(count / 2)")
            let quarter = count / 4
            var phases: [String: Int] = [:]
            #expect(
                try eventually {
                    phases = Dictionary(grouping: try lab.sessions(), by: \.state).mapValues(\.count)
                    return phases == ["active": 2 * quarter, "lingering": quarter, "held": quarter]
                }, "\(phases)")
            for daemon in ["service", "helper"] { try lab.tell("kill \(daemon)") }
            let stored = try JSONDecoder().decode(
                [String: Int].self, from: Data(try lab.crowd(storedPhases).output.utf8))
            #expect(stored == phases)
            // Nothing of a session is there when a machine comes up.
            let end = try lab.crowd(reboot)
            #expect(end.status == 0, "\(end)")
            try lab.tell("start helper")
            let (seconds, leased, taken) = try lab.startMeasured()
            #expect(leased == 0 && taken == 0)
            #expect(seconds < Dose.limit(1), "\(seconds) s")
            #expect(try lab.sessions().isEmpty)
            let history = try lab.history("--limit", "\(count + 1)")
            #expect(history.count == count && history.allSatisfy { $0.ended != nil })
            // Those that were held had ended before.
            let reasons = Dictionary(grouping: history, by: { $0.reason ?? "none" }).mapValues(\.count)
            #expect(reasons == ["ended by reboot": 3 * quarter, "closed by request": quarter])
            print("measured: \(count) leases of another boot: free \(seconds) s after the service's start")
        }
    }
}
