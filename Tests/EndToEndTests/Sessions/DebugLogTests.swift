import Testing

extension EndToEnd {
    @Suite struct DebugLogTests {}
}

extension EndToEnd.DebugLogTests {
    @Test func `at level debug every step of a session is logged, with what it led to`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.configure()
            for daemon in ["helper", "service"] { try lab.tell("start \(daemon)") }
            let line = try lab.succeed("cat", "/proc/\(try lab.process(of: "service"))/cmdline")
            let words = line.split(separator: "\0").map(String.init)
            try lab.tell("kill service")
            let user = ["setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups"]
            let service = try lab.start(
                ["sh", "-c", "exec \"$@\" 2> /run/vipns-lab/log/debug.log", "sh"] + user + words + [
                    "--log-level", "debug",
                ])
            #expect(try eventually { try lab.run("vipns", "list").status == 0 })
            #expect(try lab.succeed("vipns", "enter", "--", "echo", "inside") == "inside")
            let log = "/run/vipns-lab/log/debug.log"
            #expect(try eventually { try lab.succeed("cat", log).contains("to=ended") })
            let steps = try lab.succeed("cat", log).split(separator: "\n").filter { $0.contains(": step ") }
            let states = ["allocating", "active", "closing", "held", "ended"]
            for (from, to) in zip(states, states.dropFirst()) {
                #expect(
                    steps.contains { $0.contains("from=\(from)") && $0.contains("to=\(to)") }, "\(from) \(to): \(steps)"
                )
            }
            #expect(steps.first?.contains("event=begin") == true, "\(steps)")
            #expect(steps.first?.contains("storeIntent, makeNamespace") == true, "\(steps)")
            #expect(steps.allSatisfy { $0.contains("session=") && $0.contains("debug") }, "\(steps)")
            service.kill()
            _ = try service.end()
        }
    }
}
