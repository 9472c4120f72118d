import Testing

extension EndToEnd.Logins {
    @Suite struct Nested {}
}

extension EndToEnd.Logins.Nested {
    private static func configuration(_ nested: String) -> LoginConfiguration {
        LoginConfiguration(rules: [
            "services: [sshd], pool: lab", "services: [su, sudo], pool: lab, nested: \(nested)",
        ])
    }

    /// The outer login says its place, then that of `inner`, then its own again, and stays.
    private static func logIn(
        _ lab: TestLab, _ inner: String
    ) throws -> (outer: TestLab.Login, inner: Place, after: Place) {
        let outer = try lab.stay("alice", "\(inner); \(Place.program); exec sleep 600")
        let inner = try Place(in: try outer.running.line())
        let after = try Place(in: try outer.running.line())
        #expect(outer.place.isSession && after == outer.place, "\(outer.place) \(after)")
        return (outer, inner, after)
    }

    /// The outer session is as it was, and its login still in it.
    private static func expectUntouched(_ lab: TestLab, _ outer: TestLab.Login) throws {
        let row = try #require(try lab.session(outer.id))
        #expect(row.state == "active" && row.leaders.count == 1 && row.address == outer.place.address)
        #expect(try lab.members(of: outer.place).contains { $0.hasPrefix("\(outer.pid) ") })
        #expect(try lab.sessions().count == 1)
    }

    @Test(arguments: [
        "su bob -c \(Place.program)", "sudo -u bob \(Place.program)",
        "VIPNS_SESSION=aaaaaaaa VIPNS_ADDRESS=10.77.0.2 su bob -c \(Place.program)",
        "env -i /usr/bin/su bob -c \(Place.program)",
    ])
    func `su and sudo inside of a session stay in it, whatever the environment says`(inner: String) async throws {
        try await inLoginLab(Self.configuration("keep")) { lab in
            let login = try Self.logIn(lab, inner)
            // What su leaves in the environment tells of the outer login's client.
            #expect(login.inner.withoutClient == login.outer.place.withoutClient)
            try Self.expectUntouched(lab, login.outer)
            #expect(try lab.history().count == 1)
        }
    }

    @Test func `a forged environment makes no session of a login outside`() async throws {
        try await inLoginLab(Self.configuration("keep")) { lab in
            let other = try lab.stay("bob")
            let words = ["env", "VIPNS_SESSION=\(other.id)", "su", "alice", "-c", Place.program]
            let place = try lab.place(words)
            #expect(place.isSession && place.session != other.id && place.namespace != other.place.namespace)
        }
    }

    @Test func `su inside of a session gets its own where the rule says so, and gives it back`() async throws {
        try await inLoginLab(Self.configuration("own")) { lab in
            let login = try Self.logIn(lab, "su bob -c \(Place.program)")
            #expect(login.inner.isSession && login.inner.session != login.outer.id)
            #expect(login.inner.namespace != login.outer.place.namespace)
            try lab.expect(login.inner.session ?? "?", becomes: nil)
            try Self.expectUntouched(lab, login.outer)
            #expect(try lab.history(of: login.inner.session ?? "?").user == "bob")
        }
    }

    @Test func `su inside of a session leaves it for the host where the rule says so`() async throws {
        try await inLoginLab(Self.configuration("host")) { lab in
            let login = try Self.logIn(lab, "env -i /usr/bin/su bob -c \(Place.program)")
            let host = try lab.host()
            #expect(login.inner.isHost && login.inner.namespace == host.namespace, "\(login.inner)")
            try Self.expectUntouched(lab, login.outer)
        }
    }

    @Test func `an ssh server inside of a session keeps its logins there`() async throws {
        try await inLoginLab(Self.configuration("keep")) { lab in
            let outer = try lab.stay("alice")
            let server = try lab.start("nsenter", "--net=/run/vipns/netns/\(outer.id)", "/usr/sbin/sshd", "-D")
            let ask = [
                "vipns", "exec", outer.id, "--", "ssh", "-o", "ConnectionAttempts=20", "bob@127.0.0.1", Place.program,
            ]
            let inner = try lab.place(ask)
            #expect(inner == outer.place && !server.hasEnded, "\(inner)")
            #expect(try lab.session(outer.id)?.leaders.count == 1)
        }
    }
}
