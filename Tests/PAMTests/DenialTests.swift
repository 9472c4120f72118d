import Testing

extension PAMTests {
    @Suite struct Denial {}
}

extension PAMTests.Denial {
    @Test func `a login for which no address is left is refused in the account phase, and told why`() async throws {
        try await withService(["CheckLogin": Good.exhausted]) { home, _ in
            let run = try await home.run("--no-session", "--user=alice", "--tty=ssh")
            #expect(try run.call("account").status == Status.permissionDenied)
            #expect(run.all("said") == ["error No address, sorry."])
            #expect(
                run.log == ["<85> pam_vipns(login:account): refusing the login for user 'alice': No address, sorry."])
        }
    }

    @Test func `a service that gives no message has the usual one`() async throws {
        let bare = ScriptedService.Answer.frame(#"{"error":"io.vipns.PoolExhausted"}"#)
        try await withService(["CheckLogin": bare]) { home, _ in
            let run = try await home.run("--no-session")
            #expect(
                run.all("said") == [
                    "error No virtual IP address is available for this session, please contact your administrator."
                ])
        }
    }

    @Test(arguments: [("pts/3", ["error No address, sorry."]), ("ssh", [])], ["open", "closed"])
    func `a session for which no address is left fails, and sshd is told nothing`(
        told: (terminal: String, texts: [String]), policy: String
    ) async throws {
        try await withService(arguments: "fail=\(policy)", ["Login": Good.exhausted]) { home, service in
            let run = try await home.run("--no-account", "--tty=\(told.terminal)", "--user=alice")
            #expect(try run.call("open").status == Status.sessionError)
            #expect(run.all("said") == told.texts)
            #expect(try !run.hasMoved)
            #expect(run.all("env") == [])
            #expect(
                run.log == ["<85> pam_vipns(login:session): refusing the session for user 'alice': No address, sorry."])
            #expect(service.methods == ["Login"])
        }
    }

    @Test(arguments: ["open", "closed"])
    func `an error in the account phase is taken like no answer`(policy: String) async throws {
        let older = ScriptedService.Answer.frame(
            #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.vipns.CheckLogin"}}"#)
        try await withService(arguments: "fail=\(policy)", ["CheckLogin": older, "Login": Good.granted]) { home, _ in
            let isOpen = policy == "open"
            let run = try await (isOpen ? home.run() : home.run("--no-session"))
            #expect(try run.call("account").status == (isOpen ? Status.success : Status.permissionDenied))
            #expect(
                run.log[0]
                    == "<83> pam_vipns(login:account): the session service refused io.vipns.CheckLogin: "
                    + "'org.varlink.service.MethodNotFound', "
                    + (isOpen ? "going on without a session" : "refusing the login"))
            if isOpen { #expect(try run.hasMoved) }
        }
    }
}
