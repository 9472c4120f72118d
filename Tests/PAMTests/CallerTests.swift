import Glibc
import LinuxSystem
import Testing

extension PAMTests {
    @Suite struct Callers {}
}

extension PAMTests.Callers {
    @Test func `a caller with all descriptors used is served, and keeps its limit`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--nofile=4")
            // libpam itself, which then cannot open its socket to the audit system, may say PAM_SYSTEM_ERR.
            #expect(try [Status.success, Status.systemError].contains(run.call("open").status))
            #expect(try run.hasMoved)
            #expect(try run.isBack)
            #expect(try run.only("nofile").hasPrefix("4 "))
            #expect(service.methods == ["CheckLogin", "Login", "Entered", "Leave"])
        }
    }

    @Test func `a caller without descriptors 0 to 2 is given none of them`() async throws {
        try await withService(["Login": Good.granted]) { home, _ in
            let run = try await home.run("--closed-low", "--no-account")
            #expect(try run.hasMoved)
            #expect(try run.isBack)
            // The namespace that it came from, and the log.
            #expect(try run.descriptorsGained("held") == 2)
            #expect(try run.descriptorsGained() == 1)
        }
    }

    @Test func `the calling thread is moved, whichever it is`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--thread")
            #expect(try run.only("inside") == service.sessionNamespace)
            #expect(try run.isBack)
        }
    }

    @Test func `a session is opened once and closed once, however often that is asked`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--opens=3", "--closes=3", "--no-account")
            #expect(service.methods == ["Login", "Entered", "Leave"])
            #expect(try (run.calls("open") + run.calls("close")).allSatisfy { $0.status == Status.success })
            #expect(try run.isBack)
            let never = try await home.run("--opens=0", "--no-account")
            #expect(try never.call("close").status == Status.success)
            #expect(never.log == [])
        }
    }

    @Test func `a session that nobody closes leaves no descriptor behind`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--closes=0", "--no-account")
            #expect(try !run.isBack)
            #expect(try run.descriptorsGained("ended") == 1)
            #expect(service.methods == ["Login", "Entered"])
        }
    }

    @Test func `a caller that closes what it does not know ends its session all the same`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--close-all", "--no-account")
            #expect(try run.call("close").status == Status.success)
            #expect(run.hasLogged("cannot return to the network namespace that the login came from: it was closed"))
            #expect(service.methods == ["Login", "Entered", "Leave"])
        }
    }

    @Test(arguments: [ScriptedService.Answer.nothing, .closes, .octets([0x7B])])
    func `a close that is not answered takes a bounded time and is told`(answer: ScriptedService.Answer) async throws {
        try await withService(["Login": Good.granted, "Leave": answer]) { home, _ in
            let run = try await home.run("--no-account")
            #expect(try run.isBack)
            let call = try run.call("close")
            #expect(call.status == Status.success)
            #expect(call.hasEnded(by: .milliseconds(500)))
            #expect(run.log.last?.hasPrefix("<84> pam_vipns(login:session): cannot get an answer") == true)
            #expect(run.log.last?.hasSuffix(", the session ends with its last process") == true)
        }
    }

    @Test func `signals do not disturb a call, nor lengthen it`() async throws {
        try await withService(["Login": .slowly(#"{"parameters":{"outcome":"alone"}}"#, milliseconds: 5)]) {
            home, _ in
            let run = try await home.run("--interrupts", "--no-account")
            #expect(try run.call("open").status == Status.success)
            #expect(run.log == [])
        }
        try await withService(["Login": .nothing]) { home, _ in
            let call = try await home.run("--interrupts", "--no-account").call("open")
            #expect(call.passedMicroseconds > 1_500_000 && call.hasEnded(by: .milliseconds(1500)))
        }
    }

    @Test func `ten thousand sessions in one process leave memory and descriptors as they were`() async throws {
        try await withService(["Login": Good.granted]) { home, service in
            let run = try await home.run("--cycles=10000", "--no-account")
            #expect(service.methods.count == 30_000)
            #expect(run.all("open").count == 1, "one of them failed")
            let first = try #require(Int(run.only("memory-first")))
            let last = try #require(Int(run.only("memory-last")))
            #expect(last - first < 64, "\(first) KiB, then \(last) KiB")
            #expect(try run.descriptorsGained() == 1)
            #expect(try run.isBack)
        }
    }

    @Test func `the module's own work takes less than a millisecond`() async throws {
        try await withService(["Login": Good.granted]) { home, _ in
            let run = try await home.run("--cycles=100")
            for name in ["account", "open", "close"] {
                let times = try run.calls(name).map(\.workedMicroseconds).sorted()
                #expect(times.count == 100)
                #expect(times[50] < 1000, "\(name): median \(times[50]) µs, worst \(times[99]) µs")
            }
        }
    }
}
