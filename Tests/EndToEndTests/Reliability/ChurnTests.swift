import Foundation
import LinuxSystem
import Testing

extension EndToEnd {
    @Suite struct ChurnTests {}
}

/// Eight clients that open and end sessions in every way that there is, so many times each.
///
/// A way gives whether it was granted a session, or nothing where that cannot be known.
private let churn = """
    import random, traceback
    def is_granted(reply):
        "No only where all addresses are taken or rest: any other refusal is a failure."
        if "error" not in reply: return True
        if reply["error"] == "io.vipns.PoolExhausted": return False
        raise Exception(str(reply))
    def child(work):
        "Ends with 0 where `work` was granted what it asked for, 75 where it was not, 1 where it failed."
        pid = os.fork()
        if pid == 0:
            libc.prctl(1, signal.SIGKILL)
            status = 1
            try:
                status = 0 if work() else 75
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        return pid
    def outcome(pid):
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status not in (0, 75): raise Exception(f"a child has ended with {status}")
        return status == 0
    def enter_and_go(service):
        return outcome(child(lambda: is_granted(enter())))
    def reserve_and_close(service):
        reply = service.ask("Open", mode="reserve")
        if not is_granted(reply): return False
        return is_granted(service.ask("Close", session=reply["parameters"]["session"]["id"]))
    def close_by_another(service):
        reply = service.ask("Open", mode="reserve")
        if not is_granted(reply): return False
        id = reply["parameters"]["session"]["id"]
        return outcome(child(lambda: is_granted(Service().ask("Close", session=id, leftovers="kill"))))
    def close_from_inside(service):
        def work():
            session = enter()
            return is_granted(session) and is_granted(Service().ask("Close", session=session["id"]))
        return outcome(child(work))
    def login(service):
        def work():
            for _ in range(2):
                service = Service()
                reply, descriptors = service.ask_with_descriptors("Login", user="alice", service="sshd")
                if not is_granted(reply): return False
                # The second one stands in the session already.
                if not descriptors: break
                move(descriptors[0])
                entered = service.ask("Entered", session=reply["parameters"]["session"]["id"])
                if "error" in entered: raise Exception(str(entered))
            return True
        return outcome(child(work))
    def opener_gone(service):
        other = Service()
        other.send("Open", mode="enter")
        time.sleep(random.random() / 200)
        other.close()
    def leader_killed(service):
        reading, writing = os.pipe()
        def work():
            os.write(writing, b"1" if is_granted(enter()) else b"0")
            signal.pause()
        pid = child(work)
        os.close(writing)
        answer = os.read(reading, 1)
        os.close(reading)
        os.kill(pid, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if not answer or status != -signal.SIGKILL: raise Exception(f"a leader has ended with {status}")
        return answer == b"1"
    def outlived(service):
        def linger():
            # Not with its parent, which is what it outlives.
            libc.prctl(1, 0)
            time.sleep(.05)
        def work():
            granted = is_granted(enter())
            if granted: child(linger)
            return granted
        return outcome(child(work))
    ways = [enter_and_go, reserve_and_close, close_by_another, close_from_inside, login, opener_gone, leader_killed,
        outlived]
    def client(number, seed, count, ways):
        random.seed(seed * 100 + number)
        service = Service()
        known = [granted for _ in range(count) if (granted := random.choice(ways)(service)) is not None]
        return len(known), sum(known)
    def start(number, *rest):
        reading, writing = os.pipe()
        def work():
            try:
                report = *client(number, *rest), ""
            except Exception as error:
                report = 0, 0, repr(error)
            os.write(writing, json.dumps(report).encode())
            return not report[2]
        pid = child(work)
        os.close(writing)
        return pid, open(reading)
    print("ready")
    for line in sys.stdin:
        kind, seed, count = line.split()
        begin = now()
        clients = [start(n, int(seed), int(count), ways if kind == "mixed" else [reserve_and_close]) for n in range(8)]
        reports = [json.loads(report.read() or '[0, 0, "killed"]') for _, report in clients]
        statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid, _ in clients]
        print(json.dumps({"seconds": now() - begin, "statuses": statuses, "known": [r[0] for r in reports],
            "granted": [r[1] for r in reports], "failures": [r[2] for r in reports if r[2]]}))
    """

/// What came of a round of it, client by client.
private struct Churned: Decodable {
    let seconds: Double
    /// 0 where a client did all its cycles, and nothing in them failed.
    let statuses: [Int]
    /// Of how many cycles a client knows whether there was a session.
    let known: [Int]
    /// In how many of them there was.
    let granted: [Int]
    /// What stopped those that did not get through.
    let failures: [String]
}

/// What there is besides sessions, for every kind of thing that may leak.
private struct Inventory {
    var counts: [String: Int] = [:]
    /// Memory of each daemon in KiB, without pages of files: of those, others that run the same programs bear a share.
    var memory: [String: Int] = [:]
}

extension TestLab {
    /// Counts all that must not grow.
    fileprivate func inventory() throws -> Inventory {
        var inventory = Inventory()
        let census = try census()
        for name in ["namespaces", "mounts", "names", "links", "sessions", "processes"] {
            inventory.counts[name] = census[name].flatMap { Int($0) }
        }
        for daemon in ["helper", "service"] {
            let pid = try process(of: daemon)
            let script = """
                cd /proc/\(pid)/fd
                echo $(ls -l | grep -c .) $(ls -l | grep -c 'anon_inode:.pidfd') $(ls -l | grep -c socket:) \
                $(awk '/^Pss_(Anon|Shmem):/ { sum += $2 } END { print sum }' /proc/\(pid)/smaps_rollup)
                """
            let words = try succeed("sh", "-c", script).split(separator: " ").compactMap { Int($0) }
            guard words.count == 4 else { throw TestFailure("inventory of the \(daemon): \(words)") }
            for (kind, number) in zip(["descriptors", "pidfds", "sockets"], words) {
                inventory.counts["\(daemon)'s \(kind)"] = number
            }
            inventory.memory[daemon] = words[3]
        }
        // Numbers in the host, the parent's list of its children's MAC addresses, and the store's rows but for history.
        let script = """
            import sqlite3, subprocess
            def lines(*words):
                output = subprocess.run(words, capture_output=True, text=True).stdout.splitlines()
                # The lab's own namespaces get numbers whenever somebody lists the links that lead there.
                def is_ours(number): return number.isdigit() and int(number) >= 1 << 20
                return sum(line.startswith("02:") if words[0] == "bridge" else is_ours(line.split()[1]) for line in output)
            file = sqlite3.connect("file:/run/vipns-lab/state/vipns.db?mode=ro", uri=True)
            rows = [file.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ["lease", "leaseAddress", "returned"]]
            # A pool has one a day, and a night may lie between.
            rows.append(file.execute("SELECT max(count) FROM (SELECT count(*) AS count FROM poolUse GROUP BY day)")
                .fetchone()[0] or 0)
            print(lines("ip", "netns", "list-id"), lines("bridge", "fdb", "show", "dev", "lan0"), *rows)
            """
        let words = try succeed("/usr/bin/python3", "-c", script).split(separator: " ").compactMap { Int($0) }
        for (kind, number) in zip(
            ["numbers", "MAC addresses", "leases", "leased addresses", "returned", "poolUse"], words)
        {
            inventory.counts[kind] = number
        }
        return inventory
    }
}

/// One kind of churn: how it is called, and how many cycles a client does.
private struct Kind: CustomTestStringConvertible {
    let name: String
    let cycles: Int

    var testDescription: String { name }

    /// 10,000 by eight clients in a full run, each; as many as VIPNS_CYCLES says in a soak.
    static let all = [Kind(name: "plain", cycles: cycles(40)), Kind(name: "mixed", cycles: cycles(25))]

    private static func cycles(_ usual: Int) -> Int {
        Environment["VIPNS_CYCLES"].flatMap { Int($0) }.map { max(1, $0 / 8) } ?? Dose.of(usual, full: 1250)
    }
}

extension EndToEnd.ChurnTests {
    private static let configuration = """
        rules: [{pool: lab, scope: user}]
        pools:
          lab:
            ranges: [10.77.0.10-10.77.0.73]
            prefix: 10.77.0.0/24
            gateway: 10.77.0.1
            parent: lan0
            hold: 100ms
            exhaustion: deny
        """

    /// Waits for a round of it, in which everybody got through and nearly all got what they asked for.
    private func finish(_ churn: Running, of kind: Kind, within limit: Duration) throws -> Churned {
        let done = try churn.value(Churned.self, within: limit)
        #expect(done.statuses == Array(repeating: 0, count: 8), "\(done)")
        let (known, granted) = (done.known.reduce(0, +), done.granted.reduce(0, +))
        #expect(Double(granted) >= 0.95 * Double(known) && known > 0, "\(done)")
        return done
    }

    @Test(arguments: Kind.all)
    private func `what comes and goes all the time leaves nothing and takes no memory`(kind: Kind) async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed("sh", "-c", "printf '%s\\n' '\(Self.configuration)' > /run/vipns-lab/vipns.yaml")
            try lab.succeed("chown", "64742:64742", "/run/vipns-lab/state")
            for daemon in ["helper", "service"] { try lab.tell("start \(daemon)") }
            let churn = try lab.startCrowd(churn)
            #expect(try churn.line() == "ready")
            // What is made once and kept, such as caches and pages of the heap, is there after that.
            try churn.say("\(kind.name) 1 \(max(20, kind.cycles / 5))")
            _ = try finish(churn, of: kind, within: .seconds(300))
            try lab.expectFullPool(within: .seconds(20))
            let before = try lab.inventory()
            try churn.say("\(kind.name) \(Dose.seed) \(kind.cycles)")
            let done = try finish(churn, of: kind, within: .seconds(600))
            try lab.expectFullPool(within: .seconds(20))
            var after = try lab.inventory()
            // What the kernel takes down comes after the proof.
            _ = try eventually {
                after = try lab.inventory()
                return after.counts == before.counts
            }
            #expect(after.counts == before.counts)
            let growth = after.memory.merging(before.memory) { $0 - $1 }
            for (daemon, kibibytes) in growth where !Dose.isSanitized {
                #expect(kibibytes <= 2048, "\(daemon): \(kibibytes) KiB more")
            }
            print(
                "measured: \(8 * kind.cycles) \(kind.name) cycles by 8 clients in \(done.seconds) s, "
                    + "\(done.granted.reduce(0, +)) of \(done.known.reduce(0, +)) known ones granted: "
                    + "memory of the service "
                    + "\(before.memory["service"] ?? 0) \(growth["service"].map { "\($0 >= 0 ? "+" : "")\($0)" } ?? "") KiB, of the helper "
                    + "\(before.memory["helper"] ?? 0) \(growth["helper"].map { "\($0 >= 0 ? "+" : "")\($0)" } ?? "") KiB"
            )
        }
    }
}
