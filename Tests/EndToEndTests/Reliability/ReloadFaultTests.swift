import Testing

extension EndToEndWaits {
    @Suite struct ReloadFaultTests {}
}

extension EndToEndWaits.ReloadFaultTests {
    @Test func `without the helper nothing is reloaded, and one that comes back is of one mind with the service`()
        async throws
    {
        try await inLab { lab in
            let session = try lab.enter()
            let before = try lab.succeed("vipns", "pool", "--json")
            try lab.tell("kill helper")
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.111-10.77.0.114")])
            let outcome = try lab.vipns("reload")
            #expect(outcome.status == 75 && outcome.errors.contains("is vipns-helper running?"), "\(outcome)")
            #expect(try lab.succeed("vipns", "pool", "--json") == before)
            // It has read the file as it is now.
            try lab.tell("start helper")
            #expect(try eventually { try lab.pool().total == 4 })
            #expect(try eventually { try lab.vipns("enter", "--", "true").status == 0 })
            #expect(try lab.session(session.id)?.state == "active")
        }
    }

    @Test func `what a new helper has read and the service cannot is told, and taken up once mended`() async throws {
        try await inLab { lab in
            let pool = TestLab.pool("lab", "10.77.0.111-10.77.0.114")
            try lab.tell("kill helper")
            // The helper does not read who the operators are.
            try lab.write(pools: [pool], "operators: nobody-here\n")
            try lab.tell("start helper")
            #expect(
                try eventually {
                    let log = try lab.obey("logs")
                    return log.contains("than is in force, sessions may be refused: ")
                        && log.contains("there is no group 'nobody-here' on this host")
                })
            #expect(try lab.vipns("enter", "--", "true").errors.contains("outside of the helper's allowance"))
            try lab.write(pools: [pool])
            #expect(try eventually { try lab.obey("logs").contains("healed what=\"vipns-helper answers again\"") })
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            #expect(try lab.pool().total == 4)
        }
    }

    @Test func `a helper that takes up what nobody waits for any more refuses nothing that is granted`() async throws {
        try await inLab { lab in
            try lab.tell("stop helper")
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.111-10.77.0.114")])
            #expect(try lab.vipns("reload").status == 75)
            #expect(try lab.pool().total == 3)
            try lab.tell("cont helper")
            #expect(try eventually { try lab.obey("logs").contains("allowance read again") })
            #expect(try lab.enter().address == "10.77.0.101")
            try lab.reload()
            #expect(try lab.enter().address == "10.77.0.111")
        }
    }

    @Test func `a helper that reads again alone goes on with what the service grants`() async throws {
        try await inLab { lab in
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.111-10.77.0.114")])
            try lab.tell("signal helper 1")
            #expect(try eventually { try lab.obey("logs").contains("allowance read again: 1 ranges") })
            #expect(try lab.enter().address == "10.77.0.101")
            try lab.reload()
            #expect(try lab.enter().address == "10.77.0.111")
        }
    }

    /// Opens sessions one after another; every one must be granted.
    private static let opening = """
        count = 0
        print("begun")
        while not os.path.exists("/run/vipns-lab/enough"):
            connection.close()
            connection = socket.socket(socket.AF_UNIX)
            connection.connect("/run/vipns/io.vipns")
            reply = call("Open", mode="enter")
            if reply.get("parameters", {}).get("outcome") != "granted":
                sys.exit(json.dumps(reply))
            count += 1
        print(count)
        """

    @Test func `no open is refused while pools change to and fro`() async throws {
        try await inLab { lab in
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.20-10.77.0.89")])
            try lab.reload()
            let clients = try (0..<3).map { _ in try lab.startClient(Self.opening) }
            for client in clients { #expect(try client.line() == "begun") }
            for round in 0..<20 {
                let ranges = round % 2 == 0 ? "10.77.0.130-10.77.0.199" : "10.77.0.20-10.77.0.89"
                try lab.write(pools: [TestLab.pool(round % 4 < 2 ? "lab" : "other", ranges)])
                try lab.reload()
            }
            try lab.succeed("touch", "/run/vipns-lab/enough")
            for client in clients {
                let outcome = try client.end()
                #expect(outcome.status == 0, "\(outcome)")
                #expect(Int(outcome.output) ?? 0 > 5, "\(outcome)")
            }
            try lab.expectFullPool()
        }
    }

    /// Reloads files with mistakes at random places, and holds what is in force against what `vipns check` says of each.
    private static let mutating = """
        import random, subprocess
        random.seed(4)
        count = int(sys.argv[1])
        path = "/run/vipns-lab/vipns.yaml"
        good = b\"\"\"operators: callers
        pools:
          lab: {ranges: [10.77.0.101-10.77.0.103], prefix: 10.77.0.0/24, gateway: 10.77.0.1, parent: lan0, hold: 100ms}
          second:
            ranges: [10.77.0.110-10.77.0.112, 10.77.0.120]
            exclude: [10.77.0.111]
            prefix: 24
            parent: lan0
            mode: private
            exhaustion: deny
            leftovers: kill
        rules:
          - {users: [root, 'a?*'], pool: none}
          - {groups: [callers], ttys: [pts/*], remote: [192.0.2.0/24], pool: second, scope: user}
        \"\"\"
        def mutated():
            text = bytearray(good)
            if random.random() < 0.6:
                place = random.choice([place for place in range(len(text)) if chr(text[place]).isdigit()])
                text[place] = random.choice(b"0123456789")
                return bytes(text)
            for _ in range(random.randint(1, 3)):
                place = random.randrange(len(text))
                kind = random.randrange(5)
                if kind == 0: text[place] ^= 1 << random.randrange(8)
                elif kind == 1: text[place] = random.choice(b"[]{},:-?*&!|>'\\"#%@` \\t\\n0123456789")
                elif kind == 2: text.insert(place, random.choice(b"[]{},:- \\n0123456789"))
                elif kind == 3: del text[place:text.find(b"\\n", place) + 1]
                else: text[place:place] = text[place:text.find(b"\\n", place) + 1]
            return bytes(text)
        used = "free leased held quarantined peak peakAt refusals lastRefusal countedSince".split()
        def facts(pool): return {name: pool[name] for name in pool if name not in used}
        def in_force(): return [facts(pool) for pool in call("Pools")["parameters"]["pools"]]
        before, taken, refused, opened = in_force(), 0, 0, 0
        for number in range(count):
            text = good if number % 20 == 19 else mutated()
            with open(path, "wb") as file: file.write(text)
            check = subprocess.run(["vipns", "check", path], capture_output=True, text=True)
            reply, now = call("Reload"), in_force()
            def fail(why): sys.exit(f"{why}: {text!r} {reply} {check} {before} {now}")
            if "error" in reply:
                if reply["error"] != "io.vipns.InvalidConfiguration": fail("error")
                problems = reply["parameters"]["problems"]
                if not any(problem["severity"] == "error" for problem in problems): fail("no error")
                if check.returncode == 0: fail("refused")
                if now != before: fail("half applied")
                refused += 1
            else:
                said = [line for line in check.stdout.splitlines() if line.startswith("pool ")]
                if check.returncode != 0: fail("taken up")
                if said != [f"pool '{p['name']}': {p['total']} addresses on link '{p['parent']}'" for p in now]: fail("other")
                taken += 1
                for pool in now:
                    if pool["holdMilliseconds"] > 1000 or pool["parent"] != "lan0": continue
                    reply = call("Open", mode="reserve", pool=pool["name"])
                    if "allowance" in reply.get("parameters", {}).get("text", ""): fail("not allowed")
                    session = reply.get("parameters", {}).get("session")
                    if session:
                        opened += 1
                        call("Close", session=session["id"], leftovers="kill")
            before = now
        print(taken, refused, opened)
        """

    /// A hundred files, the same in every run; VIPNS_MUTATIONS says another number, such as 10000.
    @Test func `each of many files with mistakes is taken up whole or not at all, and a session lives through it`()
        async throws
    {
        let files = Environment["VIPNS_MUTATIONS"].flatMap { Int($0) } ?? Dose.of(100, full: 1000)
        try await inLab { lab in
            // Ten thousand files take longer than the sleep of other tests.
            let session = try lab.enter("exec sleep infinity")
            let daemons = try ["helper", "service"].map(lab.process)
            let outcome = try lab.run(
                ["/usr/bin/python3", "-c", Client.prelude + Self.mutating, "\(files)"], within: .seconds(60 + files))
            #expect(outcome.status == 0, "\(outcome)")
            let counts = outcome.output.split(separator: " ").compactMap { Int($0) }
            try #require(counts.count == 3, "\(outcome)")
            #expect(counts.allSatisfy { $0 > files / 10 } && counts[0] + counts[1] == files, "\(outcome)")
            print("files: \(counts[0]) taken up, \(counts[1]) refused; \(counts[2]) sessions opened between")
            #expect(try ["helper", "service"].map(lab.process) == daemons)
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.isConnected(session.id))
            #expect(try lab.vipns("close", session.id, "--kill").status == 0)
        }
    }
}
