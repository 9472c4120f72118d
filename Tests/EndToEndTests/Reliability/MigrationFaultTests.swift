import Testing

extension EndToEnd {
    @Suite struct MigrationFaultTests {}
}

extension EndToEnd.MigrationFaultTests {
    /// Starts the service on a store of a former format and has it killed at each of its writes in turn.
    private static let killing = """
        import shutil, signal, subprocess
        state, path = "/run/vipns-lab/state", "/run/vipns-lab/state/vipns.db"
        os.mkdir("/run/former")
        def place(*names):
            for end in ["", "-wal", "-shm"]:
                if os.path.exists(path + end): os.remove(path + end)
            for name in names: shutil.copy(name, path)
            if names: os.chown(path, 64742, 64742)
        def session(number): return f"{number:08}".translate({ord("0") + digit: "abcdefghij"[digit] for digit in range(10)})
        def fill(path):
            file = sqlite3.connect(path)
            file.executemany(
                "INSERT INTO history (session, bootID, user, uid, service, pool, outcome, openedAt, openedBoot, endedAt) "
                "VALUES (?, 'b', 'alice', 1, 'sshd', 'lab', 'granted', ?, ?, ?)",
                [(session(n), n, n, n) for n in range(4000)])
            file.executemany(
                "INSERT INTO lease (session, bootID, number, pool, parent, macvlanMode, user, uid, service, mode, scope, "
                "leftovers, phase, leaders, openedAt, openedBoot) VALUES (?, 'b', ?, 'lab', 'lan0', 'bridge', 'alice', 1, "
                "'sshd', 'enter', 'session', 'wait', 'active', '', 1, 1)",
                [(session(n), n) for n in range(500)])
            file.executemany(
                "INSERT INTO leaseAddress (address, session, place, prefixLength) VALUES (?, ?, 0, 16)",
                [(f"10.1.{n // 250}.{n % 250 + 1}", session(n)) for n in range(500)])
            file.commit()
            file.close()
        def start(*strace):
            words = [*strace, "setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups", "vipnsd",
                "--config", "/run/vipns-lab/vipns.yaml", "--state", state]
            service = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, start_new_session=True)
            lines = []
            for line in service.stderr:
                lines.append(line)
                if "cannot work with the helper" in line: break
            served = any("cannot work with the helper" in line for line in lines)
            if not served and not strace: print(lines, file=sys.stderr)
            try: os.killpg(service.pid, signal.SIGKILL)
            except ProcessLookupError: pass
            service.wait()
            service.stderr.close()
            return served
        assert start(), "the service does not start"
        fill(path)
        new = shape(path)
        os.rename(path, "/run/former/newest")
        def points(call):
            # As often as the busiest thread does it: strace counts for each thread by itself.
            assert start("strace", "-f", "-o", "/run/calls", "-e", f"trace={call}"), call
            threads = [line.split()[0] for line in open("/run/calls") if f" {call}(" in line]
            count = max(threads.count(thread) for thread in threads)
            # The first, the last, which are the commit, and some between.
            first, between, last = map(int, sys.argv[1:])
            return sorted({*range(1, first), *range(first, count, max(1, count // between)),
                *range(max(1, count - last), count + 2)})
        def check(format, point, before):
            now, file = shape(path), sqlite3.connect(path)
            assert now in (before, new), (format, point, now)
            left = file.execute("SELECT count(*), sum(endedAt) FROM history").fetchone()
            assert left == (4000, 7998000), (format, point, left)
            # A service that comes to serve frees what is of another boot.
            leases, = file.execute("SELECT count(*) FROM lease").fetchone()
            assert leases == 500 or leases == 0 and now == new, (format, point, leases)
            return now == new
        def kill(format, call, former, before):
            counts = [0, 0]
            place(*former)
            for index, point in enumerate(points(call)):
                place(*former)
                served = start(
                    "strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={point}")
                # A file that is only just being made has nothing in it to look for.
                isNew = check(format, (call, point), before) if former else served
                if served: break
                counts[isNew] += 1
                assert (former and index % 7) or (start() and shape(path) == new), (format, call, point, "next start")
            return counts
        for format in range(len(steps)):
            former, before = [], None
            if format > 0:
                former = [f"/run/former/{format}"]
                older("/run/former/newest", *former, format)
                before = shape(*former)
            counts = [kill(format, call, former, before) for call in ("pwrite64", "fdatasync")]
            print(sum(count[0] for count in counts), sum(count[1] for count in counts))
        """

    @Test func `a kill at any write of a migration leaves the former format or the new one, never between`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            try lab.configure()
            let script = try OlderStore.prelude + Self.killing
            let parts = [Dose.of(3, full: 11), Dose.of(3, full: 20), Dose.of(4, full: 20)].map(String.init)
            let outcome = try lab.run(["/usr/bin/python3", "-c", script] + parts, within: .seconds(400))
            #expect(outcome.status == 0, "\(outcome)")
            let counts = outcome.output.split(separator: "\n").map { $0.split(separator: " ").compactMap { Int($0) } }
            // From an empty file on: kills before each commit, and after it where that can be told.
            try #require(counts.count == OlderStore.formats.count && counts.allSatisfy { $0.count == 2 }, "\(outcome)")
            let least = Dose.of(6, full: 20)
            #expect(counts.allSatisfy { $0[0] >= least } && counts.dropFirst().allSatisfy { $0[1] > 0 }, "\(outcome)")
            print("migrations: \(counts) points before and after the commit")
        }
    }
}
