import Foundation
import Testing

extension EndToEnd {
    @Suite struct CommandTests {}
}

/// The keys of the first element of an array, or of an object.
private func keys(_ json: String) throws -> Set<String> {
    let value = try JSONSerialization.jsonObject(with: Data(json.utf8))
    let object = (value as? [[String: Any]])?.first ?? value as? [String: Any]
    return Set(try #require(object).keys)
}

extension EndToEnd.CommandTests {
    @Test func `exec runs a command in a living session and passes on its status`() async throws {
        try await inLab { lab in
            let session = try lab.enter(options: ["--user", "alice"])
            let address = try #require(session.address)
            let outcome = try lab.vipns(
                "exec", address, "--", "sh", "-c", "id -un; echo $VIPNS_SESSION $VIPNS_ADDRESS; exit 7")
            #expect(outcome.status == 7)
            #expect(outcome.output == "alice\n\(session.id) \(address)")
            #expect(try lab.vipns("exec", session.id, "--user", "root", "--", "id", "-un").output == "root")
            #expect(try lab.vipns("exec", session.id, "--", "no-such-command").status == 127)
            // What is run so does not own the session: one leader, before and after.
            #expect(try lab.session(session.id)?.leaders == [session.pid])
            #expect(try lab.vipns(as: "alice", "exec", session.id, "--", "id").status == 1)
        }
    }

    @Test func `what cannot be written is a failure that is told`() async throws {
        try await inLab { lab in
            let list = try lab.run("sh", "-c", "vipns pool >/dev/full")
            #expect(list.status == 1)
            #expect(list.errors == "vipns: cannot write to standard output: No space left on device")
            // Of an allowance a part, or nothing, would be one as well.
            for output in [">/dev/full", ">&-"] {
                let outcome = try lab.run("sh", "-c", "vipnsd --allowance /run/vipns-lab/vipns.yaml \(output)")
                #expect(outcome.status == 1)
                #expect(
                    outcome.errors.hasPrefix(
                        "vipnsd: cannot write the allowance of '/run/vipns-lab/vipns.yaml': "), "\(outcome)")
            }
        }
    }

    @Test func `ip netns finds a session by its name`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let outcome = try lab.run(
                "ip", "netns", "exec", "vipns-\(session.id)", "ip", "-o", "-4", "addr", "show", "eth0")
            #expect(outcome.output.contains("10.77.0.101/24"))
            #expect(try lab.succeed("ip", "netns", "list").contains("vipns-\(session.id)"))
            try lab.succeed("vipns", "close", session.id, "--kill")
            #expect(try !lab.succeed("ip", "netns", "list").contains("vipns-"))
        }
    }

    @Test func `what is printed as JSON has the protocol's names`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let ofSession: Set = [
                "id", "state", "mode", "scope", "pool", "address", "prefixLength", "parent", "mac", "user", "uid",
                "service",
                "leaders", "leftovers", "number", "cookie", "boot", "opened", "openedBoot",
            ]
            #expect(try keys(try lab.succeed("vipns", "list", "--json")).subtracting(["heldUntilBoot"]) == ofSession)
            #expect(try keys(try lab.succeed("vipns", "show", session.id, "--json")) == ["session", "members"])
            #expect(
                try keys(try lab.succeed("vipns", "pool", "--json")) == [
                    "name", "networks", "parent", "macvlanMode", "exhaustion", "leftovers", "holdMilliseconds", "order",
                    "routes", "nameServers", "sysctls", "inherited", "total", "free", "leased", "held", "quarantined",
                    "peak",
                    "peakAt", "refusals",
                    "countedSince",
                ])
            #expect(try keys(try lab.succeed("vipns", "pool", "lab", "--json")).contains("addresses"))
            let closed = try lab.succeed("vipns", "close", session.id, "--kill", "--json")
            #expect(try keys(closed).isSuperset(of: ofSession.subtracting(["cookie"])))
            #expect(
                try keys(try lab.succeed("vipns", "history", "--json")).isSuperset(of: [
                    "id", "boot", "user", "uid", "service", "pool", "address", "outcome", "opened", "openedBoot",
                    "ended", "endedBoot", "reason",
                ]))
            try lab.expectFullPool()
            #expect(try lab.sessions().isEmpty)
        }
    }

    @Test func `list and show tell who has what`() async throws {
        try await inLab { lab in
            let session = try lab.enter(options: ["--user", "alice"])
            let row = try #require(try lab.session(session.id))
            #expect(row.state == "active")
            #expect(row.mode == "enter")
            #expect(row.user == "alice")
            #expect(row.uid == Int(TestLab.alice))
            #expect(row.address == "10.77.0.101")
            #expect(row.number >= 1 << 20)
            #expect(try lab.succeed("vipns", "list").contains("10.77.0.101  alice"))
            let sheet = try lab.succeed("vipns", "show", session.id)
            #expect(sheet.contains("\(session.pid) (sleep)"), "\(sheet)")
            let child = try lab.start("vipns", "exec", session.id, "--", "sh", "-c", "echo $$; exec sleep 600")
            let member = try #require(Int32(try child.line()))
            let reply = try lab.succeed("vipns", "show", session.id, "--json")
            let value = try JSONSerialization.jsonObject(with: Data(reply.utf8)) as? [String: Any]
            #expect(Set(value?["members"] as? [Int] ?? []) == [Int(session.pid), Int(member)])
        }
    }

    @Test func `sessions are named by id, unique beginning or address`() async throws {
        // More than there are letters: two of them begin alike.
        try await inLab("--range", "10.77.0.100-10.77.0.139") { lab in
            let ids = try lab.reserve(33)
            let groups = Dictionary(grouping: ids) { $0.prefix(1) }
            let alike = try #require(groups.values.first { $0.count > 1 })
            let outcome = try lab.vipns("show", String(alike[0].prefix(1)))
            #expect(outcome.status == 1)
            for id in alike { #expect(outcome.errors.contains(id), "\(outcome.errors)") }
            let unique = try #require(
                (1...8).map { ids[0].prefix($0) }.first { prefix in ids.count { $0.hasPrefix(prefix) } == 1 })
            #expect(try lab.succeed("vipns", "show", String(unique)).contains(ids[0]))
            let address = try #require(try lab.session(ids[5])?.address)
            #expect(try lab.succeed("vipns", "show", address).contains(ids[5]))
            for unknown in ["77777777", "10.77.0.9", "../../x", ""] {
                let outcome = try lab.vipns("close", unknown)
                #expect(outcome.status == 1, "\(outcome)")
                #expect(outcome.errors.contains("'\(unknown)'"), "\(outcome)")
            }
        }
    }

    @Test func `wrong usage gives 64, a service that is not there 75`() async throws {
        try await inLab { lab in
            for words in [
                ["close"], ["close", "--all", "x"], ["no-such-verb"], ["enter", "--no-such-option"], ["show"],
            ] {
                #expect(try lab.run(["vipns"] + words).status == 64, "\(words)")
            }
            let pool = try lab.vipns("enter", "--pool", "nowhere", "--", "true")
            #expect(pool.status == 1)
            #expect(pool.errors.contains("'nowhere'"))
            try lab.tell("kill service")
            for words in [["list"], ["pool"], ["history"], ["close", "--all"]] {
                #expect(try lab.run(["vipns"] + words).status == 75, "\(words)")
            }
        }
    }

    @Test func `check names file, line and column`() async throws {
        try await inLab { lab in
            #expect(try lab.vipns("check", "/run/vipns-lab/vipns.yaml").status == 0)
            try lab.succeed("sh", "-c", "sed 's/gateway:/gatewai:/' /run/vipns-lab/vipns.yaml > /run/bad.yaml")
            let outcome = try lab.vipns("check", "/run/bad.yaml")
            #expect(outcome.status == 1)
            #expect((outcome.errors + outcome.output).contains("'/run/bad.yaml' line 5, column 5"), "\(outcome)")
            #expect((outcome.errors + outcome.output).contains("gateway"), "\(outcome)")
        }
    }
}
