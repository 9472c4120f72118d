import Testing

extension EndToEnd {
    @Suite struct HistoryTests {}
}

extension EndToEnd.HistoryTests {
    @Test func `the history comes as CSV, all of it, and users get their own`() async throws {
        try await inLab("--hold", "100ms") { lab in
            for number in 1...4 {
                let user = number == 2 ? "bob" : "alice"
                _ = try lab.vipns("enter", "--user", user, "--", "true")
                try lab.expectFullPool()
            }
            let lines = try lab.succeed("vipns", "history", "--csv").split(separator: "\n")
            let header = "opened,ended,address,user,uid,session,pool,service,outcome,reason,boot,paired_address"
            #expect(lines.first == header[...])
            #expect(lines.count == 5)
            let form =
                /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ,10\.77\.0\.10\d,(alice|bob),\d+,[a-z2-7]{8},lab,vipns,granted,last leader ended,[0-9a-f-]{36},/
            for line in lines.dropFirst() { #expect(line.wholeMatch(of: form) != nil, "\(line)") }
            #expect(try lab.vipns(as: "bob", "history", "--csv").output.split(separator: "\n").count == 2)
            #expect(try lab.succeed("vipns", "history", "--csv", "--limit", "2").split(separator: "\n").count == 3)
            #expect(try lab.succeed("vipns", "history", "--csv", "--until", "-1h").split(separator: "\n").count == 1)
            #expect(try lab.succeed("vipns", "history", "--csv", "--since", "-1h").split(separator: "\n").count == 5)
            #expect(try lab.vipns("history", "--csv", "--json").status == 64)
        }
    }

    @Test func `more than one page of history comes whole`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--exhaustion", "deny") { lab in
            let id = try lab.reserve(1)[0]
            // Refusals are quick: 250 of them are three pages.
            let refused = """
                for _ in range(250):
                    assert "error" in call("Open", mode="reserve")
                """
            #expect(try lab.client(refused).status == 0)
            #expect(try lab.succeed("vipns", "history", "--csv").split(separator: "\n").count == 252)
            #expect(try lab.history("--limit", "201").count == 201)
            #expect(try lab.history().count == 100)
            try lab.succeed("vipns", "close", id, "--kill")
        }
    }

    @Test func `what is older than the configuration says is forgotten, what lives is not`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed("mount", "-t", "tmpfs", "tmpfs", "/run/vipns-lab/state")
            try lab.configure("history: {keep: 7d}")
            try lab.tell("start helper")
            try lab.tell("start service")
            for _ in 1...3 {
                _ = try lab.vipns("enter", "--", "true")
                try lab.expectFullPool()
            }
            let living = try lab.enter()
            let kept = try lab.history()[1].id
            try lab.tell("kill service")
            let change = """
                import sqlite3
                database = sqlite3.connect("/run/vipns-lab/state/vipns.db")
                week = 7 * 86400 * 1000000
                database.execute("UPDATE history SET openedAt = openedAt - 2 * ?", (week,))
                older = "UPDATE history SET endedAt = endedAt - ?, endedBoot = endedBoot - ? WHERE session <> ?"
                database.execute(older, (week, week, "\(kept)"))
                database.commit()
                """
            try lab.succeed("python3", "-c", change)
            try lab.tell("start service")
            #expect(try eventually { try lab.history().map(\.id) == [living.id, kept] })
            try lab.succeed("vipns", "close", living.id, "--kill")
        }
    }
}
