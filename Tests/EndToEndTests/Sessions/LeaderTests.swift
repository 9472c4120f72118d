import Testing

extension EndToEnd {
    @Suite struct LeaderTests {}
}

extension EndToEnd.LeaderTests {
    @Test func `a session ends with its leader, however that ends`() async throws {
        try await inLab { lab in
            let first = try lab.enter()
            try lab.succeed("kill", "-9", "\(first.pid)")
            try lab.expect(first.id, becomes: nil)
            #expect(try lab.history(of: first.id).reason == "last leader ended")
            let second = try lab.enter("exit 0")
            try lab.expect(second.id, becomes: nil)
            try lab.expectFullPool()
        }
    }

    @Test func `what outlives its leader keeps the address until it ends`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--exhaustion", "deny") { lab in
            let session = try lab.enter("setsid sh -c 'echo $$; exec sleep 600' & wait $!; read line; exit 0")
            let child = try session.running.line()
            try lab.succeed("kill", "-9", "\(session.pid)")
            try lab.expect(session.id, becomes: "lingering")
            // The pin is gone, so that the kernel can tell when the last process is.
            #expect(try lab.succeed("ls", "/run/vipns/netns").isEmpty)
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            #expect(try lab.session(session.id)?.leaders == [])
            let closed = try lab.vipns("close", session.id)
            #expect(closed.status == 0)
            #expect(closed.output.contains("waits for 1 process"), "\(closed)")
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            try lab.succeed("kill", "-9", child)
            try lab.expect(session.id, becomes: nil)
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    @Test func `leftovers are killed where the pool says so`() async throws {
        try await inLab("--leftovers", "kill") { lab in
            let session = try lab.enter("setsid sh -c 'trap \"\" HUP TERM; echo $$; sleep 600' & exec sleep 600")
            let child = try session.running.line()
            try lab.succeed("kill", "-9", "\(session.pid)")
            try lab.expect(session.id, becomes: nil)
            #expect(try lab.run("test", "-e", "/proc/\(child)/exe").status == 1)
        }
    }

    @Test func `a lingering session is killed by a close that says so`() async throws {
        try await inLab { lab in
            let session = try lab.enter("setsid sleep 600 & exit 0")
            try lab.expect(session.id, becomes: "lingering")
            let outcome = try lab.vipns("close", session.id, "--kill")
            #expect(outcome.output == "session '\(session.id)' is closed")
            try lab.expectFullPool()
        }
    }

    @Test func `a close from inside is answered at once and means that the caller leaves`() async throws {
        try await inLab { lab in
            for user in ["root", "alice"] {
                let session = try lab.enter(
                    "/run/vipns-lab/bin/vipns close $VIPNS_SESSION; echo closed $?; read line; exit 0",
                    options: ["--user", user])
                #expect(try session.running.line() == "session '\(session.id)' is closing")
                #expect(try session.running.line() == "closed 0")
                // The shell is still in it.
                #expect(try lab.session(session.id) != nil)
                try session.running.say("go")
                #expect(try session.running.end().status == 0)
                try lab.expect(session.id, becomes: nil)
            }
        }
    }

    @Test func `users see and close their own sessions only`() async throws {
        try await inLab { lab in
            let hers = try lab.enter(options: ["--user", "alice"])
            let his = try lab.enter(options: ["--user", "bob"])
            let seen = try lab.vipns(as: "alice", "list")
            #expect(seen.output.contains(hers.id) && !seen.output.contains(his.id))
            for words in [["show", his.id], ["close", his.id], ["close", his.address ?? ""]] {
                let outcome = try lab.run(
                    ["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "vipns"] + words)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("no session"), "\(outcome)")
            }
            #expect(try lab.vipns(as: "alice", "history").output.contains("bob") == false)
            #expect(try lab.vipns(as: "alice", "close", "--all", "--kill").status == 0)
            try lab.expect(hers.id, becomes: nil)
            #expect(try lab.session(his.id)?.state == "active")
        }
    }

    @Test func `the operators' group lists and closes all`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.configure("operators: watchers")
            try lab.tell("start helper")
            try lab.tell("start service")
            let session = try lab.enter(options: ["--user", "alice"])
            #expect(try lab.vipns(as: "bob", "list").output.contains(session.id))
            #expect(try lab.vipns(as: "bob", "exec", session.id, "--", "id").status == 1)
            #expect(try lab.vipns(as: "bob", "close", session.id, "--kill").status == 0)
            try lab.expectFullPool()
        }
    }

    @Test func `closing twice, closing all and closing nothing do no harm`() async throws {
        try await inLab("--hold", "2s") { lab in
            let sessions = [try lab.enter(), try lab.enter(), try lab.enter()]
            for _ in 0..<2 {
                let outcome = try lab.vipns("close", sessions[0].id, "--kill")
                #expect(outcome.output == "session '\(sessions[0].id)' is closed")
                #expect(outcome.status == 0)
            }
            #expect(try lab.pool() == PoolRow(total: 3, free: 0, leased: 2, held: 1, quarantined: 0))
            #expect(try lab.vipns("close", "--all", "--kill").status == 0)
            #expect(try lab.pool().leased == 0)
            #expect(try lab.vipns("close", "--all").output == "no sessions")
            try lab.expectFullPool()
        }
    }

    @Test func `a reserved session has no leader and lasts until it is closed`() async throws {
        try await inLab { lab in
            let id = try #require(try lab.reserve().first)
            let row = try #require(try lab.session(id))
            #expect(row.state == "active")
            #expect(row.mode == "reserve")
            #expect(row.leaders == [])
            for _ in 0..<2 {
                let outcome = try lab.vipns("exec", id, "--", "sh", "-c", "echo $VIPNS_ADDRESS; exit 4")
                #expect(outcome.output == row.address)
                #expect(outcome.status == 4)
            }
            #expect(try lab.session(id)?.state == "active")
            try lab.succeed("vipns", "close", id)
            try lab.expectFullPool()
        }
    }

    @Test func `an opener that goes away before it is in takes the session with it`() async throws {
        try await inLab { lab in
            let outcome = try lab.client("print(call('Open', mode='enter')['parameters']['session']['id'])")
            try lab.expect(outcome.output, becomes: nil)
            #expect(try lab.history(of: outcome.output).reason == "opener went away")
        }
    }

    @Test func `a session with two leaders ends with the last one`() async throws {
        try await inLab { lab in
            let script = """
                reply, descriptors = call_with_descriptor("Open", mode="enter")
                id = reply["parameters"]["session"]["id"]
                children = []
                for _ in range(2):
                    child = os.fork()
                    if child == 0:
                        # A connection of its own: who enters is told by it.
                        connection = socket.socket(socket.AF_UNIX)
                        connection.connect("/run/vipns/io.vipns")
                        assert "error" not in call("Entered", session=id)
                        sys.stdin.readline()
                        time.sleep(600)
                print(id)
                time.sleep(600)
                """
            let opener = try lab.startClient(script)
            let id = try opener.line()
            #expect(try eventually { try lab.session(id)?.leaders.count == 2 })
            for (left, leader) in zip([1, 0], try #require(try lab.session(id)).leaders) {
                try lab.succeed("kill", "-9", "\(leader)")
                if left > 0 {
                    #expect(try eventually { try lab.session(id)?.leaders.count == left })
                    #expect(try lab.session(id)?.state == "active")
                }
            }
            #expect(try eventually { try lab.session(id)?.leaders.isEmpty != false })
        }
    }
}
