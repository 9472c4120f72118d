import Testing

extension EndToEnd {
    @Suite struct RestartTests {}
}

/// A server on the neighbour that answers every line with the same line.
let echoServer = """
    import socket
    listener = socket.create_server(("10.77.0.1", 7000))
    print("listening", flush=True)
    while True:
        connection, _ = listener.accept()
        while line := connection.recv(100):
            connection.sendall(line)
    """

/// A leader that passes lines on to the neighbour and prints what comes back.
let echoTalk = """
    exec python3 -uc '
    import socket, sys
    s = socket.create_connection(("10.77.0.1", 7000))
    s.settimeout(5)
    for line in sys.stdin:
        s.sendall(line.encode())
        print(s.recv(100).decode(), end="")
    '
    """

/// Which daemons are killed.
enum Killed: String, CaseIterable, CustomTestStringConvertible {
    case service, helper, both

    var daemons: [String] {
        switch self {
        case .service: ["service"]
        case .helper: ["helper"]
        case .both: ["helper", "service"]
        }
    }

    var testDescription: String { rawValue }
}

extension TestLab {
    /// Kills daemons.
    func kill(_ killed: Killed) throws {
        for daemon in killed.daemons { try tell("kill \(daemon)") }
    }

    /// Starts them again, and waits until the service works with the helper.
    func restart(_ killed: Killed) throws {
        for daemon in killed.daemons { try tell("start \(daemon)") }
        let works = try eventually {
            // Members are counted by the helper.
            guard let first = try sessions().first else { return true }
            return try run("vipns", "show", first.id).status != 75
        }
        if !works { throw TestFailure("the service does not come back") }
    }
}

extension EndToEnd.RestartTests {
    @Test(arguments: Killed.allCases)
    func `live sessions notice nothing of a killed daemon`(killed: Killed) async throws {
        try await inLab { lab in
            let neighbour = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-uc", echoServer)
            #expect(try neighbour.line() == "listening")
            let session = try lab.enter(echoTalk, options: ["--user", "alice"])
            let other = try lab.enter()
            try session.running.say("before")
            #expect(try session.running.line() == "before")
            let before = try #require(try lab.session(session.id))
            try lab.kill(killed)
            try session.running.say("without")
            #expect(try session.running.line() == "without")
            try lab.restart(killed)
            try session.running.say("after")
            #expect(try session.running.line() == "after")
            let after = try #require(try lab.session(session.id))
            #expect(after.state == "active")
            #expect(after.leaders == before.leaders)
            #expect(after.address == before.address)
            #expect(after.cookie == before.cookie)
            #expect(after.number == before.number)
            #expect(try lab.sessions().count == 2)
            // It is used as before, by new sessions as well: another address, another number.
            #expect(try lab.vipns("exec", session.id, "--", "true").status == 0)
            let third = try lab.enter()
            #expect(Set([session.address, other.address, third.address]).count == 3)
            // The leaders that were found again are watched.
            for entered in [session, other, third] { try lab.succeed("kill", "-9", "\(entered.pid)") }
            try lab.expectFullPool()
            for entered in [session, other, third] {
                #expect(try lab.history(of: entered.id).reason == "last leader ended")
            }
        }
    }

    @Test(arguments: [Killed.service, .both])
    func `a leader that ends while nobody watches ends its session at the next start`(killed: Killed) async throws {
        try await inLab { lab in
            let first = try lab.enter()
            let second = try lab.enter("setsid sleep 600 & sleep 600")
            let third = try lab.enter()
            try lab.kill(killed)
            for session in [first, second] { try lab.succeed("kill", "-9", "\(session.pid)") }
            try lab.restart(killed)
            try lab.expect(first.id, becomes: nil)
            try lab.expect(second.id, becomes: "lingering")
            try lab.expect(third.id, becomes: "active")
        }
    }

    @Test func `what lingers goes on lingering, and ends by the kernel's word`() async throws {
        try await inLab { lab in
            let session = try lab.enter("setsid sh -c 'echo $$; exec sleep 600' & wait")
            let child = try session.running.line()
            try lab.succeed("kill", "-9", "\(session.pid)")
            try lab.expect(session.id, becomes: "lingering")
            for killed in Killed.allCases {
                try lab.kill(killed)
                try lab.restart(killed)
                #expect(try lab.session(session.id)?.state == "lingering")
            }
            try lab.succeed("kill", "-9", child)
            try lab.expectFullPool()
        }
    }

    @Test func `what ends while the helper is away is freed when it is back`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.tell("kill helper")
            try lab.succeed("kill", "-9", "\(session.pid)")
            #expect(try eventually { try lab.session(session.id)?.state != "active" })
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            try lab.tell("start helper")
            try lab.expect(session.id, becomes: nil)
            try lab.expectFullPool()
        }
    }

    @Test(arguments: Killed.allCases)
    func `a reserved session survives`(killed: Killed) async throws {
        try await inLab { lab in
            let id = try #require(try lab.reserve().first)
            try lab.kill(killed)
            try lab.restart(killed)
            #expect(try lab.session(id)?.state == "active")
            #expect(try lab.vipns("exec", id, "--", "true").status == 0)
            try lab.succeed("vipns", "close", id)
        }
    }

    @Test func `a hold goes on over a restart`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--hold", "3s", "--exhaustion", "deny") { lab in
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            #expect(try eventually { try lab.pool().held == 1 })
            try lab.kill(.service)
            try lab.restart(.service)
            #expect(try lab.pool().held == 1)
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            try lab.expectFullPool(within: .seconds(4))
        }
    }

    @Test func `orderly ends and starts leave sessions alone, too`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            for daemon in ["service", "helper", "service"] {
                let pid = try lab.process(of: daemon)
                try lab.succeed("kill", "-TERM", "\(pid)")
                #expect(try eventually { try lab.obey("pid \(daemon)") == "error not running" })
                try lab.tell("start \(daemon)")
            }
            #expect(try eventually { try lab.vipns("exec", session.id, "--", "true").status == 0 })
            #expect(try lab.session(session.id)?.leaders == [session.pid])
        }
    }

    @Test func `after a reboot everything is free and the history is closed`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let id = try #require(try lab.reserve().first)
            try lab.kill(.both)
            try lab.succeed("sh", "-c", "cat /proc/sys/kernel/random/uuid > /run/boot_id")
            try lab.succeed("mount", "--bind", "/run/boot_id", "/proc/sys/kernel/random/boot_id")
            try lab.restart(.both)
            #expect(try lab.sessions().isEmpty)
            try lab.expectFullPool()
            for id in [session.id, id] { #expect(try lab.history(of: id).reason == "ended by reboot") }
            // No real reboot: what the kernel still has is nobody's, and is taken apart before the address goes on.
            #expect(try lab.succeed("ls", "/run/vipns/netns").isEmpty)
            let links = try lab.run("nsenter", "--net=/proc/\(session.pid)/ns/net", "ip", "-o", "link")
            #expect(!links.output.contains("eth0"))
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.succeed("kill", "-9", "\(session.pid)")
        }
    }

    @Test func `a lost store takes no session along`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.kill(.service)
            try lab.succeed("sh", "-c", "rm /run/vipns-lab/state/vipns.db*")
            let answer = try lab.obey("start service")
            let complaint = "does not know 1 sessions that live: '\(session.id)' (it is damaged, lost"
            #expect(answer.contains(complaint), "\(answer)")
            let links = try lab.run("nsenter", "--net=/proc/\(session.pid)/ns/net", "ip", "-o", "link")
            #expect(links.output.contains("eth0"))
            #expect(try lab.repair().status == 0)
            try lab.restart(.service)
            #expect(try lab.session(session.id)?.address == session.address)
            let next = try lab.enter()
            #expect(next.address != session.address)
            for entered in [session, next] { try lab.succeed("kill", "-9", "\(entered.pid)") }
        }
    }
}
