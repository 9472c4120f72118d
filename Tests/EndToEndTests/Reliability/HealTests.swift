import Foundation
import Testing

extension EndToEnd {
    @Suite struct HealTests {}
}

/// One act of the administrator and what came of it.
private struct Act: Decodable {
    let act: String
    let session: String?
    let end: String
    let seconds: Double
    /// Nobody stands in it.
    let isEmpty: Bool
    /// It takes the pin from it.
    let isFatal: Bool
    /// Of a daemon that was stopped: a session was opened with it afterwards.
    var hasResumed: Bool?
    let text: String
}

extension EndToEnd.HealTests {
    /// Sessions that are entered, and those that are reserved and in which nobody stands.
    private static let entered = 45
    private static let reserved = 5

    @Test func `whatever an administrator does to sessions is healed or told within 5 s`() async throws {
        let total = Dose.of(20, full: 1000)
        try await inLab("--range", "10.77.0.101-10.77.0.180") { lab in
            let sessions = try (0..<Self.entered).map { _ in try lab.enter() }
            _ = try lab.reserve(Self.reserved)
            let administrator = try lab.start(
                "/usr/bin/python3", "-c", Administrator.prelude + Self.random,
                "\(try lab.process(of: "helper"))", "\(try lab.process(of: "service"))", "\(Dose.seed)", "\(total)")
            var done: [Act] = []
            while done.count < total {
                let line = try administrator.line(within: .seconds(30))
                done.append(try JSONDecoder().decode(Act.self, from: Data(line.utf8)))
            }
            for act in done {
                #expect(["healed", "alarmed", "ended"].contains(act.end), "\(act)")
                #expect(act.seconds < Dose.limit(5), "\(act)")
                // Only what dies with its pin may end, and only by what takes its pin.
                #expect(act.end != "ended" || act.isEmpty && act.isFatal, "\(act)")
            }
            let ends = Dictionary(grouping: done, by: \.end).mapValues(\.count)
            // To be told is second best: few acts, such as stopping a daemon, are no more than that.
            #expect(!Dose.isFull || Double(ends["healed"] ?? 0) >= 0.9 * Double(total), "\(ends)")
            // Each of the two was stopped, and works again; that is not one of the ends above where it does not.
            let stopped = done.filter { $0.act.hasPrefix("stop ") && $0.end == "alarmed" }
            #expect(Set(stopped.map(\.act)).count == 2 && stopped.allSatisfy { $0.hasResumed == true }, "\(stopped)")
            let slowest = done.max { $0.seconds < $1.seconds }
            print(
                "acts: \(done.count), \(ends), slowest \(slowest.map { "\($0)" } ?? "-")"
            )
            let end = try administrator.end()
            #expect(end.status == 0, "\(end.errors)")
            // Who was in a session is in it still.
            let living = Set(try lab.sessions().filter { $0.state == "active" }.map(\.id))
            #expect(sessions.allSatisfy { living.contains($0.id) })
            let close = try lab.run(["vipns", "close", "--all", "--kill"], within: .seconds(40))
            #expect(close.status == 0, "\(close.errors)")
            #expect(try eventually { try lab.pool().free == 80 })
        }
    }

    @Test func `a helper that may not hear of sessions says so, and looks after them all the same`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.tell("kill helper")
            let helper = try lab.start(
                "setpriv", "--bounding-set", "-net_broadcast", "vipns-helper", "--service-user", "64742", "--config",
                "/run/vipns-lab/vipns.yaml")
            #expect(try eventually { try lab.vipns("exec", session.id, "--", "true").status == 0 })
            try lab.succeed("ip", "netns", "del", "vipns-\(session.id)")
            #expect(try eventually { try lab.run("ip", "netns", "exec", "vipns-\(session.id)", "true").status == 0 })
            #expect(try lab.vipns("close", session.id, "--kill").status == 0)
            try lab.succeed("pkill", "-x", "vipns-helper")
            #expect(try helper.end().errors.contains("warning: CAP_NET_BROADCAST is missing"))
            try lab.tell("start helper")
            #expect(try eventually { try lab.vipns("list").status == 0 })
        }
    }

    /// Every kind of act at least once, then at random.
    private static let random = """
        helper, service, seed, total = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        dice = random.Random(seed)
        def listed():
            return [s for s in json.loads(sh("vipns list --json").stdout) if s["state"] == "active"]
        def helper_log(): return open("/run/vipns-lab/log/helper.log").read()
        def say(act, end, seconds, *problems, **more):
            print(json.dumps({"act": act, "end": end, "seconds": seconds, "isEmpty": True, "isFatal": False,
                "text": "; ".join(problems), **more}), flush=True)
        def stop(process, act, is_told):
            start = time.monotonic()
            os.kill(process, 19)
            end = "failed"
            while time.monotonic() - start < limit and end == "failed":
                if is_told(start): end = "alarmed"
                time.sleep(0.05)
            seconds = time.monotonic() - start
            os.kill(process, 18)
            # An open needs both daemons.
            resumed, has_resumed, opened = time.monotonic(), False, None
            while time.monotonic() - resumed < limit and not has_resumed:
                opened = sh("timeout 5 vipns enter -- true")
                has_resumed = opened.returncode == 0
            say(act, end, seconds, opened.stderr, hasResumed=has_resumed)
        def stop_helper(events):
            stop(helper, "stop helper", lambda start: events.since(start, ["alarm"]))
        def stop_service(events):
            told = helper_log().count("cannot hear vipnsd")
            stop(service, "stop service", lambda start: helper_log().count("cannot hear vipnsd") > told)
        def remove_directory(events):
            # Of what dies with its pin, new ones are made when it is over.
            empty = [s for s in listed() if not s["leaders"]]
            living = [s for s in listed() if s["leaders"]]
            start = time.monotonic()
            done = sh("umount -l /run/vipns/netns; rm -rf /run/vipns")
            problems = ["not looked at"]
            while problems and time.monotonic() - start < limit:
                time.sleep(0.1)
                if done.returncode: problems = [done.stderr]
                elif sh("vipns list").returncode: problems = ["the service is not reached"]
                elif not os.path.exists("/run/vipns/helper"): problems = ["the helper is not reached"]
                elif not os.path.exists("/run/vipns/helper.lock"): problems = ["no lock"]
                else: problems = sum((whole(s) for s in dice.sample(living, 5)), [])
            say("remove run directory", "failed" if problems else "healed", time.monotonic() - start, *problems)
            # Theirs is the end of this act, and of no later one.
            ids = {s["id"] for s in empty}
            while time.monotonic() - start < 2 * limit and any(s["id"] in ids for s in listed()): time.sleep(0.05)
            reserve(len(empty))
        def reserve(count):
            for _ in range(count):
                request = {"method": "io.vipns.Open", "parameters": {"mode": "reserve"}}
                import socket
                connection = socket.socket(socket.AF_UNIX)
                connection.connect("/run/vipns/io.vipns")
                connection.sendall(json.dumps(request).encode() + b"\\0")
                _, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 4)
                for descriptor in descriptors: os.close(descriptor)
                connection.close()
        events = Events()
        others = [stop_helper, stop_service, remove_directory]
        kinds = list(acts)
        plan = kinds + others
        while len(plan) < total:
            plan.append(dice.choice(others) if dice.random() < 0.02 else dice.choice(kinds))
        plan = plan[:total]
        dice.shuffle(plan)
        round = []
        def flush():
            global round
            if not round: return
            dead = sum(1 for act, s in round if act in fatal and not s["leaders"])
            perform(round, events)
            round = []
            reserve(dead)
        taken = set()
        for act in plan:
            if callable(act):
                flush()
                act(events)
                continue
            if len(round) >= 10: flush()
            free = [s for s in listed() if s["id"] not in {t["id"] for _, t in round}]
            round.append((act, dice.choice(free)))
        flush()
        events.process.kill()
        """
}
