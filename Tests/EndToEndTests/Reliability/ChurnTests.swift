import Foundation
import LinuxSystem
import Testing

extension EndToEnd {
    @Suite struct ChurnTests {}
}

/// Eight clients that open and end sessions in every way that there is, so many times each.
private let churn = """
    import random
    def opened(reply):
        return reply["parameters"]["session"]["id"] if "error" not in reply else None
    def child(work):
        pid = os.fork()
        if pid == 0:
            libc.prctl(1, signal.SIGKILL)
            try:
                work()
            finally:
                os._exit(0)
        return pid
    def enter_and_go(service):
        os.waitpid(child(enter), 0)
    def reserve_and_close(service):
        if id := opened(service.ask("Open", mode="reserve")): service.ask("Close", session=id)
    def close_by_another(service):
        if id := opened(service.ask("Open", mode="reserve")):
            os.waitpid(child(lambda: Service().ask("Close", session=id, leftovers="kill")), 0)
    def close_from_inside(service):
        def work():
            session = enter()
            if "id" in session: Service().ask("Close", session=session["id"])
        os.waitpid(child(work), 0)
    def login(service):
        def work():
            for _ in range(2):
                service = Service()
                reply, descriptors = service.ask_with_descriptors("Login", user="alice", service="sshd")
                if "error" in reply or not descriptors: return
                move(descriptors[0])
                service.ask("Entered", session=reply["parameters"]["session"]["id"])
        os.waitpid(child(work), 0)
    def opener_gone(service):
        other = Service()
        other.send("Open", mode="enter")
        time.sleep(random.random() / 200)
        other.close()
    def leader_killed(service):
        reading, writing = os.pipe()
        def work():
            enter()
            os.write(writing, b"in")
            signal.pause()
        pid = child(work)
        os.read(reading, 2)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(reading)
        os.close(writing)
    def outlived(service):
        def work():
            enter()
            child(lambda: time.sleep(.05))
            os._exit(0)
        os.waitpid(child(work), 0)
    ways = [enter_and_go, reserve_and_close, close_by_another, close_from_inside, login, opener_gone, leader_killed,
        outlived]
    def client(number, seed, count, ways):
        random.seed(seed * 100 + number)
        service = Service()
        for _ in range(count): random.choice(ways)(service)
    print("ready")
    for line in sys.stdin:
        kind, seed, count = line.split()
        start = now()
        chosen = ways if kind == "mixed" else [reserve_and_close]
        pids = [child(lambda: client(number, int(seed), int(count), chosen)) for number in range(8)]
        for pid in pids: os.waitpid(pid, 0)
        print(now() - start)
    """

/// What there is besides sessions, for every kind of thing that may leak.
private struct Inventory {
    var counts: [String: Int] = [:]
    /// Memory of each daemon in KiB.
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
                $(sed -n 's/^Pss: *\\([0-9]*\\) .*/\\1/p' /proc/\(pid)/smaps_rollup)
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
            rows = [file.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ["lease", "leaseAddress"]]
            print(lines("ip", "netns", "list-id"), lines("bridge", "fdb", "show", "dev", "lan0"), *rows)
            """
        let words = try succeed("/usr/bin/python3", "-c", script).split(separator: " ").compactMap { Int($0) }
        for (kind, number) in zip(["numbers", "MAC addresses", "leases", "leased addresses"], words) {
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
            _ = try churn.line(within: .seconds(300))
            try lab.expectFullPool(within: .seconds(20))
            let before = try lab.inventory()
            try churn.say("\(kind.name) \(Dose.seed) \(kind.cycles)")
            let seconds = try churn.line(within: .seconds(600))
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
                "measured: \(8 * kind.cycles) \(kind.name) cycles by 8 clients in \(seconds) s: memory of the service "
                    + "\(before.memory["service"] ?? 0) \(growth["service"].map { "\($0 >= 0 ? "+" : "")\($0)" } ?? "") KiB, of the helper "
                    + "\(before.memory["helper"] ?? 0) \(growth["helper"].map { "\($0 >= 0 ? "+" : "")\($0)" } ?? "") KiB"
            )
        }
    }
}
