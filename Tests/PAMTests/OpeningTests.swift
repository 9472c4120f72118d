import Testing

extension PAMTests {
    @Suite struct Opening {}
}

extension PAMTests.Opening {
    @Test func `a granted session is entered, told in environment and log, and left`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--tty=pts/3", "--rhost=192.0.2.77", "--user=alice")
            #expect(try run.only("inside") == service.sessionNamespace)
            #expect(try run.isBack)
            #expect(
                run.all("env") == [
                    "VIPNS_SESSION=k7f3q2m4", "VIPNS_POOL=lab", "VIPNS_ADDRESS=192.0.2.10",
                    "VIPNS_CLIENT_ADDRESS=192.0.2.77",
                ])
            #expect(service.methods == ["CheckLogin", "Login", "Entered", "Leave"])
            let asked = #"{"user":"alice","service":"login","tty":"pts/3","remoteHost":"192.0.2.77"}"#
            #expect(service.requests[0] == #"{"method":"io.vipns.CheckLogin","parameters":\#(asked)}"#)
            #expect(service.requests[1] == #"{"method":"io.vipns.Login","parameters":\#(asked)}"#)
            #expect(service.requests[3] == #"{"method":"io.vipns.Leave","parameters":{"session":"k7f3q2m4"}}"#)
            // <86> is LOG_AUTHPRIV and LOG_INFO.
            #expect(
                run.log == [
                    "<86> pam_vipns(login:session): session 'k7f3q2m4' with 192.0.2.10 from pool 'lab' for user 'alice'"
                ])
            #expect(run.all("said") == [])
            for call in ["account", "open", "close"] { #expect(try run.call(call).status == Status.success) }
        }
    }

    @Test func `what is started inside is inside, and inherits no descriptor`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run(
                "--run=readlink /proc/self/ns/net; echo fds $(ls /proc/self/fd | tr '\\n' ' ')")
            #expect(run.output.contains("net:[\(try service.sessionNamespace)]"))
            // Standard input, output, error, PAMCaller's own copy, and that of ls.
            #expect(run.output.contains("fds 0 1 2 3 4\n"), "\(run.output)")
        }
    }

    @Test func `an isolated session has no address, and its message is told as an error`() async throws {
        try await withService(["Login": Good.isolated]) { home, service in
            let run = try await home.run("--tty=ssh", "--user=alice")
            #expect(try run.hasMoved)
            #expect(run.all("env") == ["VIPNS_SESSION=k7f3q2m4", "VIPNS_POOL=lab"])
            #expect(run.all("said") == ["error No virtual IP address."])
            #expect(
                run.log == [
                    "<86> pam_vipns(login:session): session 'k7f3q2m4' without an address from pool 'lab' for user 'alice'"
                ])
        }
    }

    @Test func `a pair is told with both of its addresses`() async throws {
        let session = #""session":{"id":"k7f3q2m4","pool":"lab","address":"192.0.2.10","pairedAddress":"2001:db8::10"}"#
        let reply = ScriptedService.Answer.frame(#"{"parameters":{"outcome":"kept",\#(session)}}"#)
        try await withService(["Login": reply]) { home, _ in
            let run = try await home.run("--user=alice", "--no-account")
            // Once after the open; what was kept also stays after the close.
            #expect(
                run.all("env").prefix(4) == [
                    "VIPNS_SESSION=k7f3q2m4", "VIPNS_POOL=lab", "VIPNS_ADDRESS=192.0.2.10",
                    "VIPNS_PAIRED_ADDRESS=2001:db8::10",
                ])
            #expect(
                run.log == [
                    "<86> pam_vipns(login:session): staying in session 'k7f3q2m4' with 192.0.2.10 and 2001:db8::10 from "
                        + "pool 'lab' for user 'alice'"
                ])
        }
    }

    @Test(
        arguments: [
            (#""outcome":"alone""#, [], nil, nil),
            (
                #""outcome":"shared","message":"All gone.""#, [], "error All gone.",
                "<84> pam_vipns(login:session): no address is left, going on with the host's network for user 'alice'"
            ),
            (#""outcome":"kept""#, [], nil, "<86> pam_vipns(login:session): staying in session for user 'alice'"),
            (
                #""outcome":"kept",\#(Good.session)"#,
                ["VIPNS_SESSION=k7f3q2m4", "VIPNS_POOL=lab", "VIPNS_ADDRESS=192.0.2.10"], nil,
                "<86> pam_vipns(login:session): staying in session 'k7f3q2m4' with 192.0.2.10 from pool 'lab' "
                    + "for user 'alice'"
            ),
        ] as [(String, [String], String?, String?)])
    func `a login that stays where it is stays there`(
        parameters: String, environment: [String], said: String?, logged: String?
    ) async throws {
        try await withService(["Login": .frame("{\"parameters\":{\(parameters)}}")]) { home, service in
            let run = try await home.run("--user=alice", "--no-account")
            #expect(try !run.hasMoved)
            #expect(try run.call("open").status == Status.success)
            #expect(run.all("said") == [said].compactMap { $0 })
            #expect(run.log == [logged].compactMap { $0 })
            #expect(Array(run.all("env").prefix(environment.count)) == environment)
            #expect(service.methods == ["Login"])
        }
    }

    @Test func `a login that leaves a session comes back without a word to the service`() async throws {
        let host = ScriptedService.Answer.frame(#"{"parameters":{"outcome":"host","namespace":0}}"#, [.session])
        try await withService(["Login": host]) { home, service in
            let run = try await home.run("--no-account", "--user=alice")
            #expect(try run.only("inside") == service.sessionNamespace)
            #expect(try run.isBack)
            #expect(run.all("env") == [])
            #expect(service.methods == ["Login"])
            #expect(
                run.log == [
                    "<86> pam_vipns(login:session): leaving the session for the host's network for user 'alice'"
                ])
        }
    }

    @Test func `what a later version of the service adds is passed over`() async throws {
        let newer =
            #"{"continues":false,"parameters":{"outcome":"granted","since":[1,{"a":null}],"session":{"id":"#
            + #""k7f3q2m4","leaders":[1,2],"pool":"lab","address":"192.0.2.10","zone":"\u00e9"},"namespace":0}}"#
        try await withService(["Login": .frame(newer, [.session])]) { home, _ in
            let run = try await home.run()
            #expect(try run.hasMoved)
        }
    }

    @Test func `a caller that wants silence has it`() async throws {
        try await withService(["Login": Good.isolated]) { home, _ in
            let run = try await home.run("--silent")
            #expect(run.all("said") == [])
        }
    }

    @Test func `debug tells more, and an unknown argument is told and harmless`() async throws {
        try await withService(arguments: "debug use_uid", ["Login": .frame(#"{"parameters":{"outcome":"alone"}}"#)]) {
            home, _ in
            let run = try await home.run("--user=alice")
            #expect(
                run.log == [
                    "<83> pam_vipns(login:account): unknown argument 'use_uid'",
                    "<87> pam_vipns(login:account): no objection for user 'alice'",
                    "<83> pam_vipns(login:session): unknown argument 'use_uid'",
                    "<87> pam_vipns(login:session): no rule for user 'alice', leaving the login alone",
                    "<83> pam_vipns(login:session): unknown argument 'use_uid'",
                ])
            #expect(try run.call("open").status == Status.success)
        }
    }

    @Test func `a client's name that is no plain word stays out of the environment`() async throws {
        try await withService(["Login": Good.granted]) { home, _ in
            for host in ["a b", "caf\u{E9}", "x\u{1B}[2J", String(repeating: "a", count: 256)] {
                let run = try await home.run("--rhost=\(host)", "--no-account")
                #expect(run.all("env").count == 3)
                #expect(try run.hasMoved)
            }
        }
    }
}
