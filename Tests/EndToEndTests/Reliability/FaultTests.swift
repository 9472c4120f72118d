import Testing

extension EndToEnd {
    @Suite struct FaultTests {}
}

/// A daemon, and the system calls at which it is killed: each action of the plan makes one of them at least.
private struct Faults: CustomTestStringConvertible {
    let daemon: String
    let calls: [String]
    /// Calls that are many and alike: every so many-th point is taken, unless VIPNS_FAULTS is `all`.
    var strides: [String: Int] = [:]
    /// How many points must be met at the least, or the test tests nothing.
    let minimum: Int

    var testDescription: String { daemon }

    /// The points of one call, in order.
    func points(of call: String) -> StrideTo<Int> {
        stride(from: 1, to: 100, by: Dose.isFull ? 1 : strides[call] ?? 1)
    }

    /// While sessions are opened, entered and closed.
    static let atWork = [
        Faults(
            daemon: "service", calls: ["sendmsg", "fdatasync", "pwrite64", "recvmsg"],
            strides: ["pwrite64": 6, "recvmsg": 6], minimum: 20),
        Faults(
            daemon: "helper",
            calls: ["unshare", "mount", "symlink", "sendto", "umount2", "unlink", "sendmsg", "recvmsg"],
            strides: ["recvmsg": 4], minimum: 20),
    ]

    /// While the daemon starts and takes up what it finds.
    static let atStart = [
        Faults(
            daemon: "service", calls: ["sendmsg", "fdatasync", "pwrite64"], strides: ["pwrite64": 3], minimum: 6),
        Faults(
            daemon: "helper", calls: ["sendto", "sendmsg", "bind", "rename"], strides: ["sendto": 2], minimum: 5),
    ]
}

extension EndToEnd.FaultTests {
    @Test(arguments: Faults.atWork)
    fileprivate func `a daemon that is killed at any point of a session's life leaves nothing behind`(
        faults: Faults
    ) async throws {
        try await inLab { lab in
            var points: [String: Int] = [:]
            for call in faults.calls {
                for number in faults.points(of: call) {
                    let strace = try attach(lab, to: faults.daemon, call, number)
                    let cycle = try startCycle(lab)
                    // Without a daemon the clients may wait for long: it is started again in front of them.
                    _ = try eventually(within: .seconds(15)) { try cycle.hasEnded || !lab.runs(faults.daemon) }
                    // The end of a session goes on after its caller was answered; asking how far it is would be points, too.
                    _ = try eventually(within: .milliseconds(250)) { try !lab.runs(faults.daemon) }
                    _ = try lab.run("kill", strace)
                    _ = try eventually { try lab.run("test", "-e", "/proc/\(strace)/exe").status != 0 }
                    // A kill on which strace lets go may come a moment after strace's own end.
                    let wasKilled = try eventually(within: .milliseconds(300)) { try !lab.runs(faults.daemon) }
                    if wasKilled { try lab.tell("start \(faults.daemon)") }
                    try expectNothing(lab, "\(faults.daemon) killed at \(call) \(number)")
                    guard wasKilled else { break }
                    points[call, default: 0] += 1
                }
            }
            #expect(points.values.reduce(0, +) >= faults.minimum, "\(points)")
            print("\(faults.daemon): \(points) points at work")
        }
    }

    /// Has strace kill the daemon at the `number`th `call` of one of its threads; gives strace's own number.
    private func attach(_ lab: TestLab, to daemon: String, _ call: String, _ number: Int) throws -> String {
        let pid = try lab.process(of: daemon)
        let strace = try lab.start(
            "sh", "-c",
            """
            echo $$
            exec strace -f -p \(pid) -o /dev/null -e trace=\(call) -e inject=\(call):signal=KILL:when=\(number) 2>&1
            """)
        let own = try strace.line()
        // "strace: Process 7 attached", or with threads.
        let line = try strace.line()
        guard line.contains("attached") else { throw TestFailure("strace: \(line)") }
        return own
    }

    /// Opens, enters and closes; what fails, fails.
    private func startCycle(_ lab: TestLab) throws -> Running {
        let client = """
            reply = call("Open", mode="reserve")
            if "error" not in reply:
                call("Close", session=reply["parameters"]["session"]["id"], leftovers="kill")
            """
        return try lab.start(
            "sh", "-c", "vipns enter -- true; exec /usr/bin/python3 -c \"$1\"", "sh", Client.prelude + client)
    }

    private func expectNothing(_ lab: TestLab, _ what: String) throws {
        #expect(
            try eventually {
                let outcome = try lab.run(["vipns", "close", "--all", "--kill"], within: .seconds(15))
                return outcome.status == 0
            }, "\(what): close")
        #expect(try eventually { try lab.isEmpty() }, "\(what): \((try? lab.census()) ?? [:])")
        // An address is free a moment after its session is gone: when its row is.
        #expect(try eventually { try lab.pool().free == 3 }, "\(what)")
    }

    @Test(arguments: Faults.atStart)
    fileprivate func `a daemon that is killed at any point of its start finds everything at the next`(
        faults: Faults
    ) async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let reserved = try #require(try lab.reserve().first)
            let lingering = try lab.enter("setsid sleep 600 & exit 0")
            try lab.expect(lingering.id, becomes: "lingering")
            var points: [String: Int] = [:]
            for call in faults.calls {
                for number in faults.points(of: call) {
                    try lab.tell("kill \(faults.daemon)")
                    let wasKilled = try startUnderStrace(lab, faults.daemon, call, number)
                    // The one that was killed may hold its lock for another moment.
                    let answer = try eventually { try lab.obey("start \(faults.daemon)") == "ok" }
                    guard answer else { throw TestFailure("the \(faults.daemon) does not start") }
                    let what = "\(faults.daemon) killed at \(call) \(number) of its start"
                    #expect(try eventually { try lab.vipns("exec", session.id, "--", "true").status == 0 }, "\(what)")
                    let states = Dictionary(try lab.sessions().map { ($0.id, $0.state) }) { $1 }
                    #expect(
                        states == [session.id: "active", reserved: "active", lingering.id: "lingering"], "\(what)")
                    guard wasKilled else { break }
                    points[call, default: 0] += 1
                }
            }
            #expect(points.values.reduce(0, +) >= faults.minimum, "\(points)")
            print("\(faults.daemon): \(points) points at its start")
        }
    }

    /// Starts the daemon so that it is killed at that call; one that comes to serve is killed then.
    ///
    /// - Returns: whether it was killed at the call.
    private func startUnderStrace(_ lab: TestLab, _ daemon: String, _ call: String, _ number: Int) throws -> Bool {
        let program =
            daemon == "helper"
            ? "vipns-helper --service-user 64742 --config /run/vipns-lab/vipns.yaml"
            : "setpriv --reuid 64742 --regid 64742 --clear-groups vipnsd --config /run/vipns-lab/vipns.yaml "
                + "--state /run/vipns-lab/state"
        // The helper asks a child of its own for the allowance, which is not followed.
        let running = try lab.start(
            "sh", "-c",
            """
            echo $$
            exec strace -f -o /dev/null -e trace=\(call) -e inject=\(call):signal=KILL:when=\(number) \(program)
            """)
        let own = try running.line()
        // Serving: the client socket takes connections (the service), or the running service has found the helper.
        let serves = try eventually(within: .seconds(6)) {
            if running.hasEnded { return true }
            let outcome = try lab.run("vipns", "pool")
            guard outcome.status == 0 else { return false }
            return daemon == "service" || lab.reachesHelper()
        }
        if running.hasEnded { return true }
        #expect(serves)
        try lab.succeed("sh", "-c", "pkill -9 -P \(own); kill -9 \(own) 2>/dev/null; true")
        _ = try running.end(within: .seconds(5))
        return false
    }
}

extension TestLab {
    /// Whether a daemon runs.
    func runs(_ daemon: String) throws -> Bool { try obey("pid \(daemon)") != "error not running" }

    /// Whether the service works with the helper.
    func reachesHelper() -> Bool {
        guard let first = try? sessions().first else { return false }
        return (try? run("vipns", "show", first.id).status) == 0
    }
}
