import Testing

extension EndToEnd {
    @Suite struct StoppedHelperTests {}
}

extension EndToEnd.StoppedHelperTests {
    @Test func `a stopped helper delays a login by bounded time and loses nothing`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.tell("stop helper")
            var outcome: Outcome?
            let time = try ContinuousClock().measure {
                outcome = try lab.run(["vipns", "enter", "--", "echo", "ran"], within: .seconds(15))
            }
            #expect(outcome?.status == 75)
            #expect(outcome?.output == "")
            #expect(
                outcome?.errors.contains("vipns-helper does not answer") == true, "\(outcome.map { "\($0)" } ?? "")")
            // 2 s at most, and a second for a machine that does other things as well.
            #expect(time < .seconds(Dose.limit(3)), "\(time)")
            // What needs no helper works.
            #expect(try lab.session(session.id)?.state == "active")
            try lab.tell("cont helper")
            #expect(
                try eventually(within: .seconds(8)) {
                    try lab.pool() == PoolRow(total: 3, free: 2, leased: 1, held: 0, quarantined: 0)
                })
            #expect(try eventually { try lab.vipns("enter", "--", "true").status == 0 })
            #expect(try lab.vipns("exec", session.id, "--", "true").status == 0)
            #expect(try lab.succeed("ls", "/run/vipns/netns") == session.id)
        }
    }

    @Test func `a service that starts while the helper is stopped serves once it goes on`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.tell("kill service")
            try lab.tell("stop helper")
            let service = try lab.start(
                "setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups", "--no-new-privs", "sh", "-c",
                "echo $$; exec vipnsd --config /run/vipns-lab/vipns.yaml --state /run/vipns-lab/state")
            let process = try service.line()
            #expect(try lab.vipns("list").status == 75)
            try lab.tell("cont helper")
            #expect(try eventually(within: .seconds(8)) { try lab.vipns("list").status == 0 })
            #expect(try lab.session(session.id)?.state == "active")
            try lab.succeed("kill", process)
            #expect(try service.end().status == 0)
            try lab.tell("start service")
        }
    }
}
