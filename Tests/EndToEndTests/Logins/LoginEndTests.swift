import Testing

extension EndToEnd.Logins {
    @Suite struct End {}
}

extension EndToEnd.Logins.End {
    private static let one = LoginConfiguration(
        rules: ["services: [sshd, su, lightdm], pool: lab"], pools: [("lab", "10.77.0.101-10.77.0.101")],
        lines: ["exhaustion: deny"])

    /// The only address is taken: it was not given back too early.
    private static func expectTaken(_ lab: TestLab) throws {
        let outcome = try lab.run("su", "carol", "-c", "true")
        #expect(outcome.status != 0 && outcome.errors.contains(exhaustedSentence), "\(outcome)")
    }

    /// The only address comes back, within a second where nothing else is going on.
    private static func expectFreed(_ lab: TestLab, _ id: String, within limit: Duration = .seconds(1)) throws {
        try lab.expect(id, becomes: nil, within: limit)
        #expect(try lab.place(["su", "carol", "-c", Place.program]).address == "10.77.0.101")
    }

    @Test func `what a logout leaves behind keeps the address until it ends`() async throws {
        try await inLoginLab(Self.one) { lab in
            let login = try lab.stay("alice", "setsid sleep 600 > /dev/null 2>&1 < /dev/null & echo $!; exit")
            let child = try login.running.line()
            #expect(try login.running.end().status == 0)
            try lab.expect(login.id, becomes: "lingering")
            #expect(try lab.members(of: login.place) == ["\(child) sleep"])
            try Self.expectTaken(lab)
            try lab.succeed("kill", "-9", child)
            try Self.expectFreed(lab, login.id)
        }
    }

    @Test func `what a logout leaves behind is killed where the pool says so`() async throws {
        var configuration = Self.one
        configuration.lines.append("leftovers: kill")
        try await inLoginLab(configuration) { lab in
            let login = try lab.stay("alice", "setsid sleep 600 > /dev/null 2>&1 < /dev/null & echo $!; exit")
            let child = try login.running.line()
            try login.running.end()
            try Self.expectFreed(lab, login.id)
            #expect(try lab.run("test", "-e", "/proc/\(child)/exe").status == 1)
        }
    }

    @Test func `a killed monitor ends the login, and the address waits for the shell`() async throws {
        try await inLoginLab(Self.one) { lab in
            let login = try lab.stay("alice", "trap '' HUP PIPE TERM; while :; do sleep 600; done")
            let leader = try #require(try lab.session(login.id)?.leaders.first)
            try lab.succeed("kill", "-9", "\(leader)")
            try lab.expect(login.id, becomes: "lingering")
            #expect(try lab.members(of: login.place).contains { $0.hasPrefix("\(login.pid) ") })
            try Self.expectTaken(lab)
            let members = try lab.members(of: login.place).compactMap {
                $0.split(separator: " ").first.map(String.init)
            }
            _ = try lab.run(["kill", "-9"] + members)
            try Self.expectFreed(lab, login.id)
        }
    }

    @Test func `a killed client ends the session`() async throws {
        try await inLoginLab(Self.one) { lab in
            let login = try lab.stay("alice", "read line; exit")
            try lab.succeed("pkill", "-9", "-x", "ssh")
            try Self.expectFreed(lab, login.id)
        }
    }

    @Test(arguments: [["ssh", "alice@127.0.0.1", "true"], ["su", "alice", "-c", "true"]])
    func `a later module that fails leaves no session`(words: [String]) async throws {
        try await inLoginLab(Self.one) { lab in
            try lab.stack(after: "session required pam_deny.so")
            let outcome = try lab.run(words)
            #expect(outcome.status != 0, "\(outcome)")
            try lab.expectNoSession(within: .seconds(1))
            let records = try lab.history()
            #expect(records.map(\.outcome) == ["granted"] && records.allSatisfy { $0.ended != nil })
            try lab.script("sed -i /pam_deny/d /etc/pam.d/*")
            #expect(try lab.place(["su", "carol", "-c", Place.program]).address == "10.77.0.101")
        }
    }

    /// Kills the program at each of its calls in turn that have to do with a session; strace(1).
    @Test(arguments: ["%network", "setns"])
    func `a program that is killed at any moment of its login leaves no session`(calls: String) async throws {
        try await inLoginLab(Self.one) { lab in
            var kills = 0
            for number in 1...60 {
                let outcome = try lab.run(
                    "strace", "-qq", "-o", "/dev/null", "-e", "trace=\(calls)", "-e",
                    "inject=\(calls):signal=KILL:when=\(number)", "pamtester", "lightdm", "alice", "acct_mgmt",
                    "open_session", "close_session")
                try lab.expectNoSession(within: .seconds(1))
                if outcome.status == 0 { break }
                kills += 1
                #expect(outcome.status == 137, "\(outcome)")
            }
            // In, and back out again; to the service and back in three phases.
            #expect((calls == "setns" ? 2...2 : 6...60).contains(kills), "killed \(kills) times")
            #expect(try lab.place(["su", "carol", "-c", Place.program]).address == "10.77.0.101")
        }
    }

    @Test func `closing twice, or without having opened, is harmless`() async throws {
        try await inLoginLab(Self.one) { lab in
            for words in [["open_session", "close_session", "close_session"], ["close_session"]] {
                let outcome = try lab.run(["pamtester", "lightdm", "alice"] + words)
                #expect(outcome.status == 0, "\(outcome)")
                try lab.expectNoSession(within: .seconds(1))
            }
            #expect(try lab.history().count == 1)
        }
    }

    @Test(arguments: ["helper", "service"])
    func `a live login notices nothing of a restart, and ends after it`(daemon: String) async throws {
        try await inLoginLab(Self.one) { lab in
            let login = try lab.stay("alice", "while read line; do \(Place.program); done")
            try lab.tell("kill \(daemon)")
            try login.running.say("")
            #expect(try Place(in: try login.running.line()) == login.place)
            try lab.tell("start \(daemon)")
            try login.running.say("")
            #expect(try Place(in: try login.running.line()) == login.place)
            #expect(try lab.session(login.id)?.leaders.count == 1)
            login.running.endInput()
            #expect(try login.running.end().status == 0)
            // The service may still be about to reach the new helper.
            try Self.expectFreed(lab, login.id, within: .seconds(5))
        }
    }

    @Test(arguments: ["kill", "stop"])
    func `a logout while the service is away is quick, and noticed when it is back`(word: String) async throws {
        try await inLoginLab(Self.one) { lab in
            let login = try lab.stay("alice", "read line; exit 3")
            try lab.tell("\(word) service")
            let start = ContinuousClock.now
            try login.running.say("")
            #expect(try login.running.end().status == 3)
            #expect(ContinuousClock.now - start < .seconds(Dose.limit(1.5)))
            try lab.tell(word == "kill" ? "start service" : "cont service")
            try Self.expectFreed(lab, login.id)
        }
    }
}
