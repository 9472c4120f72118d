import Testing

extension EndToEnd {
    /// Login, CheckLogin and Leave as any program may speak them; the PAM module's logins are in `Login…Tests`.
    @Suite struct LoginProtocolTests {}
}

/// Defines `connect()` and `login(…)`, which gives the outcome, the session's id, and the descriptors.
private let prelude = """
    def connect():
        global connection
        connection = socket.socket(socket.AF_UNIX)
        connection.connect("/run/vipns/io.vipns")
        return connection
    def login(user="alice", service="sshd", **more):
        reply, descriptors = call_with_descriptor("Login", user=user, service=service, **more)
        parameters = reply["parameters"]
        return reply.get("error") or parameters["outcome"], (parameters.get("session") or {}).get("id"), descriptors

    """

/// One rule for user scope before the pool.
private let userScope = "rules: [{pool: lab, scope: user}]"

extension TestLab {
    fileprivate func logins(_ script: String) throws -> Outcome { try client(prelude + script) }
    /// The lines that the script prints.
    fileprivate func lines(_ script: String) throws -> [String] {
        let outcome = try logins(script)
        guard outcome.status == 0 else { throw TestFailure("logins: \(outcome.output) \(outcome.errors)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    fileprivate func startLogins(_ script: String) throws -> Running { try startClient(prelude + script) }

    fileprivate func startDaemons(_ line: String, pool: [String] = []) throws {
        try configure(line, pool: pool)
        try tell("start helper")
        try tell("start service")
    }
}

extension EndToEnd.LoginProtocolTests {
    @Test func `the first rule decides, and what none is for is left alone`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(
                "rules: [{users: [bob], pool: none}, {services: [cron], groups: [callers], pool: lab}, {pool: lab}]")
            let script = """
                for who in [("alice", "sshd"), ("bob", "sshd"), ("alice", "cron"), ("root", "cron"), ("alice", "su")]:
                    connect()
                    outcome, id, descriptors = login(*who)
                    print(*who, outcome, len(descriptors))
                """
            let expected = [
                "alice sshd granted 1", "bob sshd alone 0", "alice cron granted 1", "root cron alone 0",
                "alice su alone 0",
            ]
            #expect(try lab.lines(script) == expected)
            try lab.expectFullPool()
        }
    }

    @Test func `without rules sshd gets a session and cron is left alone`() async throws {
        try await inLab { lab in
            let script = """
                for service in ["sshd", "login", "xrdp-sesman", "cron", "su", "systemd-user", "polkit-1"]:
                    connect()
                    print(service, login(service=service)[0])
                    connection.close()
                    time.sleep(0.3)
                """
            let expected = [
                "sshd granted", "login granted", "xrdp-sesman granted", "cron alone", "su alone", "systemd-user alone",
                "polkit-1 alone",
            ]
            let seen = try lab.lines(script)
            #expect(seen == expected)
        }
    }

    @Test func `others than root may not log in`() async throws {
        try await inLab { lab in
            let outcome = try lab.run([
                "setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "/usr/bin/python3", "-c",
                Client.prelude + prelude
                    + "print(login()[0], call('CheckLogin', user='alice', service='sshd')['error'])",
            ])
            #expect(outcome.output == "io.vipns.PermissionDenied io.vipns.PermissionDenied", "\(outcome)")
        }
    }

    @Test func `who leads a session may leave it, and nobody else`() async throws {
        try await inLab { lab in
            let script = """
                outcome, id, descriptors = login()
                call("Entered", session=id)
                for descriptor in descriptors:
                    os.close(descriptor)
                print(id)
                sys.stdin.readline()
                connect()
                print("error" in call("Leave", session=id))
                print("error" in call("Leave", session=id))
                sys.stdin.readline()
                """
            let login = try lab.startLogins(script)
            let id = try login.line()
            // A stranger's word changes nothing, whoever it is, and neither does nonsense.
            #expect(try lab.logins("print(call('Leave', session='\(id)'), call('Leave', session='x/y'))").status == 0)
            #expect(try lab.session(id)?.leaders.count == 1)
            #expect(try lab.session(id)?.service == "sshd")
            try login.say("go")
            #expect(try login.line() == "False")
            #expect(try login.line() == "False")
            try lab.expect(id, becomes: nil)
            #expect(try lab.history(of: id).reason == "last leader ended")
            try login.say("go")
            #expect(try login.end().status == 0)
        }
    }

    @Test func `in user scope a user's logins share a session, and the last one out ends it`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            let script = """
                def enter(user):
                    child = os.fork()
                    if child == 0:
                        connect()
                        outcome, id, descriptors = login(user)
                        assert "error" not in call("Entered", session=id)
                        # In one piece: three of them write.
                        os.write(1, f"{user} {outcome} {id} {os.fstat(descriptors[0]).st_ino}\\n".encode())
                        connection.close()
                        os.close(descriptors[0])
                        time.sleep(600)
                for user in ["alice", "alice", "bob"]:
                    enter(user)
                sys.stdin.readline()
                """
            let logins = try lab.startLogins(script)
            let lines = try (0..<3).map { _ in try logins.line() }
            // Outcome, id and namespace: those of one user are the same.
            #expect(Set(lines.filter { $0.hasPrefix("alice granted") }).count == 1, "\(lines)")
            #expect(Set(lines).count == 2)
            let hers = try #require(try lab.sessions().first { $0.user == "alice" })
            #expect(hers.leaders.count == 2)
            try lab.succeed("kill", "-9", "\(hers.leaders[0])")
            #expect(try eventually { try lab.session(hers.id)?.leaders.count == 1 })
            #expect(try lab.session(hers.id)?.state == "active")
            try lab.succeed("kill", "-9", "\(hers.leaders[1])")
            try lab.expect(hers.id, becomes: nil)
        }
    }

    @Test func `ten first logins of a user at once get one session`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            let script = """
                connections, ids = [], set()
                for _ in range(10):
                    connections.append(connect())
                request = {"method": "io.vipns.Login", "parameters": {"user": "alice", "service": "sshd"}}
                for one in connections:
                    one.sendall(json.dumps(request).encode() + b"\\0")
                for connection in connections:
                    octets, descriptors, _, _ = socket.recv_fds(connection, 1 << 16, 4)
                    ids.add(json.loads(octets[:-1])["parameters"]["session"]["id"])
                    assert len(descriptors) == 1
                    assert "error" not in call("Entered", session=min(ids))
                print(len(ids), *ids)
                sys.stdin.readline()
                for _ in range(10):
                    connect()
                    call("Leave", session=min(ids))
                print("left")
                sys.stdin.readline()
                """
            let logins = try lab.startLogins(script)
            let words = try logins.line().split(separator: " ")
            #expect(words.first == "1")
            let id = String(try #require(words.last))
            #expect(try lab.session(id)?.leaders.count == 10)
            #expect(try lab.pool().leased == 1)
            try logins.say("go")
            #expect(try logins.line() == "left")
            // One process that logged in ten times has left ten times.
            #expect(try eventually { try lab.session(id)?.leaders.isEmpty != false })
        }
    }

    @Test func `a login that joins and goes away leaves the session to the others`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            let script = """
                first = connect()
                outcome, id, descriptors = login()
                call("Entered", session=id)
                second = connect()
                assert login()[1] == id
                print(id, flush=True)
                sys.stdin.readline()
                second.close()
                sys.stdin.readline()
                """
            let logins = try lab.startLogins(script)
            let id = try logins.line()
            #expect(try lab.session(id)?.leaders.count == 2)
            try logins.say("go")
            #expect(try eventually { try lab.session(id)?.leaders.count == 1 })
            #expect(try lab.session(id)?.state == "active")
        }
    }

    @Test func `a login that joins and goes away leaves the session to the one who opened it`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            let script = """
                opener = connect()
                outcome, id, descriptors = login()
                second = connect()
                assert login()[1] == id
                second.close()
                time.sleep(0.3)
                connection = opener
                print(call("Entered", session=id), flush=True)
                sys.stdin.readline()
                """
            let logins = try lab.startLogins(script)
            #expect(try logins.line() == "{'parameters': {}}")
            #expect(try lab.sessions().first?.state == "active")
            #expect(try lab.sessions().first?.leaders.count == 1)
        }
    }

    @Test func `who goes away before it knows that it leads does not lead`() async throws {
        try await inLab { lab in
            let script = """
                outcome, id, descriptors = login()
                request = {"method": "io.vipns.Entered", "parameters": {"session": id}}
                connection.sendall(json.dumps(request).encode() + b"\\0")
                connection.close()
                print(id, flush=True)
                sys.stdin.readline()
                """
            let login = try lab.startLogins(script)
            try lab.expect(try login.line(), becomes: nil)
        }
    }

    @Test func `a connection whose maker has ended leads nothing, whoever has its number now`() async throws {
        try await inLab { lab in
            let script = """
                old = socket.socket(socket.AF_UNIX)
                maker = os.fork()
                if maker == 0:
                    old.connect("/run/vipns/io.vipns")
                    os._exit(0)
                os.waitpid(maker, 0)
                time.sleep(0.1)
                for _ in range(200):
                    with open("/proc/sys/kernel/ns_last_pid", "w") as last:
                        last.write(str(maker - 1))
                    victim = os.fork()
                    if victim == 0:
                        if os.getpid() != maker:
                            os._exit(0)
                        connect()
                        outcome, id, descriptors = login("bob")
                        call("Entered", session=id)
                        print(id, flush=True)
                        time.sleep(600)
                    if victim == maker:
                        break
                    os.waitpid(victim, 0)
                id = sys.stdin.readline().strip()
                connection = old
                answer = call("Leave", session=id)
                time.sleep(0.3)
                print("error" in answer, flush=True)
                sys.stdin.readline()
                os.kill(victim, 9)
                os.waitpid(victim, 0)
                """
            let logins = try lab.startLogins(script)
            let id = try logins.line()
            try logins.say(id)
            #expect(try logins.line() == "False")
            #expect(try lab.session(id)?.state == "active")
            #expect(try lab.session(id)?.leaders.count == 1)
            try logins.say("go")
            #expect(try logins.end().status == 0)
        }
    }

    @Test func `logins that are gone before it is their turn take no address`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            try lab.tell("stop helper")
            let script = """
                request = {"method": "io.vipns.Login", "parameters": {"user": "alice", "service": "sshd"}}
                crowd = [connect() for _ in range(20)]
                for one in crowd:
                    one.sendall(json.dumps(request).encode() + b"\\0")
                time.sleep(0.5)
                os._exit(0)
                """
            #expect(try lab.logins(script).status == 0)
            try lab.tell("cont helper")
            #expect(try eventually { try lab.pool().free == 3 })
            // One was begun; a few more may be while the kernel closes one connection after the other.
            #expect(try lab.history().count < 5)
            #expect(try lab.logins("print(login('bob')[0])").output == "granted")
        }
    }

    @Test func `logins that were given up while the service was stopped are not begun`() async throws {
        try await inLab { lab in
            try lab.tell("stop service")
            let script = """
                request = {"method": "io.vipns.Login", "parameters": {"user": "alice", "service": "sshd"}}
                for _ in range(20):
                    connect().sendall(json.dumps(request).encode() + b"\\0")
                    connection.close()
                """
            #expect(try lab.logins(script).status == 0)
            try lab.tell("cont service")
            #expect(try lab.logins("print(login('bob')[0])").output == "granted")
            #expect(try lab.history().map(\.user) == ["bob"])
        }
    }

    @Test func `a shared session is found again by a restarted service`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(userScope)
            let script = """
                def enter():
                    connect()
                    outcome, id, descriptors = login()
                    call("Entered", session=id)
                    print(id, flush=True)
                enter()
                sys.stdin.readline()
                enter()
                sys.stdin.readline()
                """
            let logins = try lab.startLogins(script)
            let id = try logins.line()
            try lab.tell("kill service")
            try lab.tell("start service")
            try logins.say("go")
            #expect(try logins.line() == id)
            #expect(try lab.session(id)?.leaders.count == 2)
        }
    }

    @Test func `inside a session a login stays, gets its own, or leaves, as the rule says`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.startDaemons(
                """
                rules: [{services: [su], pool: lab}, {services: [login], pool: lab, nested: own},
                    {services: [cron], pool: lab, nested: host}, {services: [gdm], pool: none}]
                """)
            let script = """
                for service in ["su", "login", "cron", "gdm", "unknown"]:
                    connect()
                    outcome, id, descriptors = login("bob", service)
                    same = [os.fstat(d).st_ino == os.stat("/proc/1/ns/net").st_ino for d in descriptors]
                    print(service, outcome, id == os.environ["VIPNS_SESSION"], same)
                """
            let file = "/run/vipns-lab/nested.py"
            try lab.succeed("sh", "-c", "cat > \(file) <<'EOF'\n\(Client.prelude + prelude + script)\nEOF")
            let outcome = try lab.vipns("enter", "--user", "root", "--", "/usr/bin/python3", file)
            let expected = [
                "su kept True []", "login granted False [False]", "cron host False [True]", "gdm kept True []",
                "unknown kept True []",
            ]
            #expect(outcome.output.split(separator: "\n").map(String.init) == expected, "\(outcome)")
            try lab.expectFullPool()
        }
    }

    @Test func `a login without an address left is told so before it is let in`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--exhaustion", "deny") { lab in
            let script = """
                print(call("CheckLogin", user="alice", service="sshd"))
                outcome, id, descriptors = login()
                call("Entered", session=id)
                connect()
                print(call("CheckLogin", user="bob", service="sshd")["error"])
                # Alice may be unlocking her screen; from another host nobody does.
                print(call("CheckLogin", user="alice", service="sshd"))
                print(call("CheckLogin", user="alice", service="sshd", remoteHost="192.0.2.7")["error"])
                print(call("CheckLogin", user="bob", service="cron"))
                print(login("bob")[0])
                """
            let expected = [
                "{'parameters': {}}", "io.vipns.PoolExhausted", "{'parameters': {}}", "io.vipns.PoolExhausted",
                "{'parameters': {}}", "io.vipns.PoolExhausted",
            ]
            #expect(try lab.lines(script) == expected)
            #expect(try lab.history().prefix(3).map(\.outcome) == ["denied", "denied", "denied"])
            try lab.expectFullPool()
        }
    }
}
