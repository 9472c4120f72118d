import Glibc
import LinuxSystem
import Testing

extension PAMTests {
    @Suite struct Failure {}
}

extension PAMTests.Failure {
    @Test(arguments: Fault.answers + Fault.descriptors, ["open", "closed"])
    func `a service that does not answer as it should costs a bounded time, and the policy decides`(
        fault: Fault, policy: String
    ) async throws {
        try await withService(arguments: "fail=\(policy)", ["Login": fault.answer]) { home, service in
            let run = try await home.run("--no-account")
            try expectFailure(run, fault.logged, policy)
            #expect(service.methods == ["Login"])
        }
    }

    @Test(arguments: ["open", "closed"]) func `a service that is missing is told in the log`(policy: String)
        async throws
    {
        let home = try Home("fail=\(policy)")
        let run = try await home.run("--no-account")
        let place = "cannot reach the session service at '\(home.socket)'"
        try expectFailure(run, "\(place): No such file or directory (is vipnsd running?), ", policy)
        // A socket that nobody listens on any more.
        _ = try UnixSocket.listen(.stream, at: home.socket, mode: 0o600)
        try expectFailure(
            try await home.run("--no-account"), "\(place): Connection refused (is vipnsd running?), ", policy)
    }

    @Test(arguments: ["open", "closed"])
    func `a service that takes no connections costs a bounded time`(policy: String) async throws {
        let home = try Home("fail=\(policy)")
        let listener = try UnixSocket.listen(.stream, at: home.socket, mode: 0o600, backlog: 0)
        let waiting = try UnixSocket.connect(.stream, to: home.socket)
        let run = try await home.run()
        try expectFailure(run, ": Connection timed out (is vipnsd running?)", policy)
        #expect(run.log.count == 2)
        let account = try run.call("account")
        #expect(account.status == (policy == "open" ? Status.success : Status.permissionDenied))
        #expect(account.hasEnded(by: .milliseconds(300)))
        withExtendedLifetime((listener.withRaw { $0 }, waiting.withRaw { $0 })) {}
    }

    @Test(arguments: ["open", "closed"])
    func `a service that is silent in the account phase costs a bounded time`(policy: String) async throws {
        try await withService(arguments: "fail=\(policy)", ["CheckLogin": .nothing]) { home, _ in
            let run = try await home.run("--no-session", "--tty=ssh")
            let call = try run.call("account")
            #expect(call.status == (policy == "open" ? Status.success : Status.permissionDenied))
            #expect(call.passedMicroseconds >= 290_000 && call.hasEnded(by: .milliseconds(300)))
            let sentence = "error The session service does not answer, please contact your administrator."
            #expect(run.all("said") == (policy == "open" ? [] : [sentence]))
        }
    }

    @Test(
        arguments: [
            ScriptedService.Answer.nothing, .closes, .frame(#"{"error":"io.vipns.WrongState"}"#),
            .frame(#"{"parameters":{}}"#, [.session]), .octets([0]),
        ], ["open", "closed"])
    func `a session that cannot be confirmed is left at once`(
        answer: ScriptedService.Answer, policy: String
    ) async throws {
        try await withService(arguments: "fail=\(policy)", ["Login": Good.granted, "Entered": answer]) {
            home, service in
            let run = try await home.run("--no-account")
            try expectFailure(run, "io.vipns", policy)
            // The service may have taken the word for it, and its answer was lost.
            #expect(service.methods == ["Login", "Entered", "Leave"])
        }
    }

    @Test func `a namespace of another user namespace is refused`() async throws {
        let other = try ChildProcess("/usr/bin/unshare", arguments: ["-U", "-n", "sleep", "60"])
        let pid = other.pid
        defer {
            kill(pid, SIGKILL)
            var status: CInt = 0
            unsafe waitpid(pid, &status, 0)
        }
        let path = "/proc/\(pid)/ns/user"
        let own = try FileIdentity(path: "/proc/self/ns/user")
        for _ in 0..<200 where (try? FileIdentity(path: path)) == own { usleep(10_000) }
        let passed = [ScriptedService.Passed.path("/proc/\(pid)/ns/net")]
        let granted = ScriptedService.Answer.frame(
            #"{"parameters":{"outcome":"granted",\#(Good.session),"namespace":0}}"#, passed)
        try await withService(["Login": granted]) { home, _ in
            try expectFailure(try await home.run("--no-account"), "it belongs to another user namespace", "open")
        }
    }

    @Test func `a user name that cannot be sent is not sent as another`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--odd-user", "--no-account")
            try expectFailure(run, "the user name is no UTF-8", "open")
            #expect(service.methods == [])
        }
    }

    @Test func `sshd is told nothing when the policy refuses a session`() async throws {
        let home = try Home("fail=closed")
        let run = try await home.run("--no-account", "--tty=ssh")
        #expect(try run.call("open").status == Status.sessionError)
        #expect(run.all("said") == [])
    }

    /// Not moved, nothing left, in time, and by policy.
    private func expectFailure(_ run: Run, _ logged: String, _ policy: String) throws {
        let call = try run.call("open")
        #expect(call.status == (policy == "open" ? Status.success : Status.sessionError))
        #expect(call.hasEnded(by: .milliseconds(1500)))
        #expect(try !run.hasMoved)
        #expect(run.all("env") == [])
        #expect(try run.descriptorsGained() == 1)
        let line = try #require(run.log.last { $0.hasPrefix("<83> pam_vipns(login:session): ") })
        #expect(line.contains(logged), "\(run.log)")
        #expect(line.hasSuffix(policy == "open" ? ", going on without a session" : ", refusing the login"))
        let told = run.all("said").last
        #expect(
            told
                == (policy == "open"
                    ? nil : "error The session service does not answer, please contact your administrator."))
    }
}
