import Testing

extension EndToEnd.Logins {
    @Suite struct Scope {}
}

extension EndToEnd.Logins.Scope {
    private static let perUser = LoginConfiguration(rules: ["services: [sshd, su], pool: lab, scope: user"])

    @Test func `logins of one user share a session, and the last one out ends it`() async throws {
        try await inLoginLab(Self.perUser) { lab in
            let first = try lab.stay("alice", "read line")
            let second = try lab.stay("alice", "read line")
            #expect(first.place.isSession && second.place == first.place, "\(first.place) \(second.place)")
            #expect(try lab.session(first.id)?.leaders.count == 2)
            #expect(try lab.members(of: first.place).count { $0.hasSuffix(" sshd") } == 4)
            try first.running.say("")
            try first.running.end()
            let isAlone = try eventually { try lab.session(first.id)?.leaders.count == 1 }
            #expect(isAlone)
            #expect(try lab.session(first.id)?.state == "active")
            #expect(try lab.ssh("alice", Place.program).output.contains(first.id))
            try second.running.say("")
            try second.running.end()
            try lab.expectNoSession()
            #expect(try lab.history().count == 1)
            let third = try lab.place(of: "alice")
            #expect(third.isSession && third.session != first.id)
        }
    }

    @Test func `another user gets another session, by su too`() async throws {
        try await inLoginLab(Self.perUser) { lab in
            let alice = try lab.stay("alice")
            let bob = try lab.stay("bob")
            #expect(bob.place.isSession && bob.id != alice.id && bob.place.address != alice.place.address)
            #expect(try lab.place(["su", "bob", "-c", Place.program]) == bob.place.withoutClient)
            let carol = try lab.place(["su", "carol", "-c", Place.program])
            #expect(carol.isSession && ![alice.id, bob.id].contains(carol.session))
        }
    }

    @Test func `ten first logins at once get one session`() async throws {
        try await inLoginLab(Self.perUser) { lab in
            for _ in 0..<2 {
                let text = try lab.script(
                    """
                    for i in 1 2 3 4 5 6 7 8 9 10; do ssh alice@127.0.0.1 '\(Place.program); sleep 1' & done; wait
                    """)
                let places = try text.split(separator: "\n").map { try Place(in: String($0)) }
                #expect(places.count == 10 && Set(places).count == 1 && places[0].isSession, "\(places)")
                try lab.expectNoSession()
            }
            #expect(try lab.history().count == 2)
        }
    }

    @Test func `a shared session outlives a restart of both daemons and a killed login`() async throws {
        try await inLoginLab(Self.perUser) { lab in
            let logins = try (0..<3).map { _ in try lab.stay("alice", "read line") }
            #expect(Set(logins.map(\.place)).count == 1)
            for daemon in ["service", "helper"] {
                try lab.tell("kill \(daemon)")
                try lab.tell("start \(daemon)")
            }
            #expect(try eventually { try lab.session(logins[0].id)?.leaders.count == 3 })
            let monitor = try #require(try lab.session(logins[0].id)?.leaders.first)
            try lab.succeed("kill", "-9", "\(monitor)")
            #expect(try eventually { try lab.session(logins[0].id)?.leaders.count == 2 })
            #expect(try lab.place(of: "alice") == logins[0].place)
            for login in logins {
                try? login.running.say("")
                try login.running.end()
            }
            // The killed monitor's shell may have been left.
            _ = try lab.run("pkill", "-9", "-u", "alice")
            try lab.expectNoSession()
        }
    }

    @Test func `a login that is killed while it joins leaves the session to the others`() async throws {
        try await inLoginLab(LoginConfiguration(rules: ["services: [sshd, lightdm], pool: lab, scope: user"])) { lab in
            let login = try lab.stay("alice")
            for number in 1...60 {
                let outcome = try lab.run(
                    "strace", "-qq", "-o", "/dev/null", "-e", "trace=%network,setns", "-e",
                    "inject=%network,setns:signal=KILL:when=\(number)", "pamtester", "lightdm", "alice", "open_session",
                    "close_session")
                let isAlone = try eventually(within: .seconds(1)) { try lab.session(login.id)?.leaders.count == 1 }
                #expect(isAlone, "killed at call \(number)")
                if outcome.status == 0 { break }
                #expect(outcome.status == 137 && number < 60, "\(outcome)")
            }
            #expect(try lab.session(login.id)?.state == "active")
            #expect(try lab.history().count == 1)
        }
    }

    @Test func `a login that comes when the last one has left something behind gets a new session`() async throws {
        try await inLoginLab(Self.perUser) { lab in
            let login = try lab.stay("alice", "setsid sleep 600 > /dev/null 2>&1 < /dev/null & exit")
            try login.running.end()
            try lab.expect(login.id, becomes: "lingering")
            let next = try lab.place(of: "alice")
            #expect(next.isSession && next.session != login.id && next.address != login.place.address)
            try lab.succeed("pkill", "-9", "-u", "alice")
        }
    }
}
