import Testing

extension EndToEnd {
    @Suite struct RepairTests {}
}

/// What is done to the store of a service that was killed.
enum StoreDamage: String, CaseIterable {
    case flippedBytes, cutFile, header, zeroedPages, flippedAddress, cutLog, lost, noLog, emptied, zeroedIndex

    /// Python that has `path`, `random` and, as octets, `main` and `log`, which it changes.
    var script: String {
        switch self {
        case .flippedBytes: "for _ in range(12): main[random.randrange(len(main))] ^= 1 << random.randrange(8)"
        case .cutFile: "del main[random.randrange(1, len(main)):]; log = None"
        case .header: "main[:40] = bytes(random.randrange(256) for _ in range(40)); log = None"
        case .zeroedPages: "main[4096:12 * 4096] = bytes(11 * 4096); log = None"
        case .flippedAddress: "main = main.replace(b\"10.77.0.10\", b\"10.77.0.11\")"
        case .cutLog: "del log[random.randrange(len(log)):]"
        case .lost: "main = log = None"
        case .noLog: "log = None"
        case .emptied: "main = bytearray()"
        case .zeroedIndex: "index = bytearray(32768)"
        }
    }
}

extension TestLab {
    /// Damages the store of the service, which must not run.
    ///
    /// What the log holds is brought into the pages before, where the damage is not the log's.
    func damageStore(_ damage: StoreDamage, seed: Int) throws {
        let isOfLog = [.cutLog, .noLog, .zeroedIndex].contains(damage)
        // So that there is a log to be kept: of another page than those that are damaged.
        let hasLog = damage == .flippedAddress
        let script = """
            import os, random, sqlite3
            random.seed(\(seed))
            path = "/run/vipns-lab/state/vipns.db"
            def read(end): return bytearray(open(path + end, "rb").read()) if os.path.exists(path + end) else None
            if not \(isOfLog ? "True" : "False"):
                file = sqlite3.connect(path)
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if \(hasLog ? "True" : "False"):
                    file.execute("UPDATE boot SET lastNumber = lastNumber")
                    file.commit()
                # A writer that closes would take the log with it.
                main, log, index = read(""), read("-wal"), read("-shm")
                file.close()
            else:
                main, log, index = read(""), read("-wal"), read("-shm")
            \(damage.script.split(separator: "\n").joined(separator: "\n"))
            for end, octets in ("", main), ("-wal", log), ("-shm", index):
                if os.path.exists(path + end): os.remove(path + end)
                if octets is not None:
                    with open(path + end, "wb") as file: file.write(octets)
                    os.chown(path + end, 64742, 64742)
            """
        try succeed("/usr/bin/python3", "-c", script)
    }

    /// Runs `vipns repair`.
    func repair(_ options: String...) throws -> Outcome {
        try run(
            ["vipns", "repair", "--config", "/run/vipns-lab/vipns.yaml", "--state", "/run/vipns-lab/state"] + options)
    }

    /// The hashes of the store's files, of those that were kept too, by name; not of the space that is kept for ends.
    func storeFiles() throws -> [String: String] {
        let text = try succeed("sh", "-c", "cd /run/vipns-lab/state && find . -name 'vipns.db*' -exec sha256sum {} +")
        let pairs = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        let hashes = Dictionary(uniqueKeysWithValues: pairs.map { (String($0[1].dropFirst(2)), $0[0]) })
        return hashes.filter { $0.key != "vipns.db.reserve" }
    }

    /// What the kernel tells of each session, in the words of `vipns list`.
    func identities() throws -> [String] {
        // What lingers has no pin: without its row it has another name, and its cookie is not known.
        try sessions().filter { !["held", "quarantined"].contains($0.state) }.map {
            let network = "\($0.state) \($0.address ?? "-") \($0.number) \($0.mac ?? "-")"
            return $0.state == "lingering" ? network : "\($0.id) \(network) \($0.cookie ?? 0) \($0.leaders)"
        }.sorted()
    }
}

extension EndToEnd.RepairTests {
    @Test func `a damaged store is refused or read, repaired, and no live session notices`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.110", "--hold", "100ms") { lab in
            let neighbour = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-uc", echoServer)
            #expect(try neighbour.line() == "listening")
            let session = try lab.enter(echoTalk, options: ["--user", "alice"])
            let other = try lab.enter(options: ["--user", "bob"])
            // What repair asks the kernel is not to stand on a name that root can change.
            try lab.succeed("ip", "-n", "vipns-\(other.id)", "link", "set", "eth0", "name", "lan0")
            let reserved = try lab.reserve(1)[0]
            let lingering = try lab.enter(
                "setsid sh -c 'echo $$; exec sleep 600' & wait", options: ["--user", "alice"])
            _ = try lingering.running.line()
            try lab.succeed("kill", "-9", "\(lingering.pid)")
            try lab.expect(lingering.id, becomes: "lingering")
            var counts = (refused: 0, repaired: 0, kept: 0)
            let rounds = Dose.of(StoreDamage.allCases.count, full: 8 * StoreDamage.allCases.count)
            for round in 0..<rounds {
                let damage = StoreDamage.allCases[round % StoreDamage.allCases.count]
                // Something that only the log has.
                let last = try lab.enter(options: ["--user", "alice"])
                let before = try lab.identities()
                #expect(before.count == 5)
                try lab.kill(.service)
                try lab.damageStore(damage, seed: round + Int(truncatingIfNeeded: Dose.seed))
                let isWhole = damage == .zeroedIndex
                // What is cut off the log may be of no session that lives, and what is flipped of no use.
                let isLuck = damage == .cutLog || damage == .flippedBytes
                if !isWhole {
                    let answer = try lab.obey("start service")
                    let isRefused = answer.contains("stop the service and run 'vipns repair'")
                    #expect(isRefused || isLuck && answer == "ok", "\(damage): \(answer)")
                    counts.refused += isRefused ? 1 : 0
                    if !isRefused { try lab.kill(.service) }
                }
                let files = try lab.storeFiles()
                let rehearsal = try lab.repair("--dry-run")
                #expect(rehearsal.status == 0, "\(damage): \(rehearsal)")
                #expect(try lab.storeFiles() == files, "\(damage): \(rehearsal)")
                let outcome = try lab.repair()
                #expect(outcome.status == 0, "\(damage): \(outcome)")
                let isUnchanged = outcome.output.contains("nothing is changed")
                #expect(isUnchanged == isWhole || isLuck, "\(damage): \(outcome)")
                let isKept = try expectKept(files, in: lab, damage, outcome)
                counts.kept += isKept ? 1 : 0
                counts.repaired += 1
                #expect(try !lab.succeed("ls", "/run/vipns-lab/state").contains("repair"), "\(damage)")
                try lab.restart(.service)
                // What the store has and the kernel has not ends first.
                var after: [String] = []
                let isSame = try eventually {
                    after = try lab.identities()
                    return after == before
                }
                #expect(isSame, "\(damage): \(before) \(after) \(outcome)")
                try session.running.say("round \(round)")
                #expect(try session.running.line() == "round \(round)", "\(damage)")
                #expect(try lab.vipns("exec", reserved, "--", "true").status == 0)
                let records = try lab.history("--limit", "1000").filter { $0.id == session.id }
                // A flipped text of the history is not noticed.
                let isKnown = records.first?.ended == nil && !records.isEmpty
                #expect(isKnown || damage == .flippedBytes, "\(damage): \(outcome) \(records)")
                // All that may have been in use rests for its hold first.
                #expect(try eventually { try lab.pool().free > 0 }, "\(damage)")
                let next = try lab.enter()
                #expect(!before.contains { $0.contains(" \(next.address ?? "") ") }, "\(damage)")
                for entered in [next, last] { try lab.succeed("kill", "-9", "\(entered.pid)") }
                #expect(try eventually { try lab.identities().count == 4 }, "\(damage)")
            }
            #expect(counts.kept >= rounds * 6 / 10)
            print(
                "damaged stores under live sessions: \(counts.refused) refused, \(counts.repaired) repaired, of "
                    + "\(counts.kept) the files were kept")
            for entered in [session, other] { try lab.succeed("kill", "-9", "\(entered.pid)") }
            #expect(try lab.vipns("close", "--all", "--kill").status == 0)
            try lab.expectFullPool()
        }
    }

    /// What was there before a repair that did anything is there afterwards, octet for octet, under one name that it has
    /// told; nothing else is.
    ///
    /// - Returns: whether anything was kept.
    private func expectKept(
        _ former: [String: String], in lab: TestLab, _ damage: StoreDamage, _ outcome: Outcome
    ) throws -> Bool {
        let now = try lab.storeFiles()
        let comment: Comment = "\(damage): \(former.keys.sorted()) \(now.keys.sorted()) \(outcome)"
        if outcome.output.contains("nothing is changed") {
            #expect(now == former, comment)
            return false
        }
        let ends = ["", "-wal", "-shm"].filter { former["vipns.db\($0)"] != nil }
        let new = now.filter { former[$0.key] == nil && $0.key.hasPrefix("vipns.db.damaged-") }
        #expect(new.count == ends.count, comment)
        // Those that were kept before are as they were.
        #expect(former.allSatisfy { !$0.key.contains("damaged-") || now[$0.key] == $0.value }, comment)
        // Without the old log and its index, which would be taken for the new store's.
        #expect(now.keys.filter { !$0.contains("damaged-") } == ["vipns.db"], comment)
        let told = try #require(
            outcome.output.firstMatch(of: /the former store is '(.*)' \(remove it when/)?.1, comment)
        let kept = try #require(told.split(separator: "/").last, comment)
        for end in ends { #expect(new["\(kept)\(end)"] == former["vipns.db\(end)"], comment) }
        return true
    }

    @Test func `repair refuses where the service runs, and says what to do`() async throws {
        try await inLab { lab in
            let outcome = try lab.repair()
            #expect(outcome.status == 1)
            #expect(
                outcome.errors
                    == "vipnsd: cannot repair: another vipnsd serves '/run/vipns-lab/state' (stop it first: systemctl "
                    + "stop vipnsd)")
            let user = try lab.vipns(as: "alice", "repair")
            #expect(user.status == 1 && user.errors.contains("only root may"), "\(user)")
            try lab.kill(.both)
            let alone = try lab.repair()
            #expect(alone.status == 1 && alone.errors.hasSuffix("(is vipns-helper running?)"), "\(alone)")
        }
    }
}
