import Foundation
import Testing

extension EndToEnd {
    @Suite struct EventTests {}
}

extension EndToEnd.EventTests {
    private struct Event: Decodable {
        let kind: String
        let session: SessionRow?
    }

    /// Starts to watch, as somebody; events begin when this returns.
    private func watch(_ lab: TestLab, as user: String = "root") throws -> Running {
        let watcher = try lab.start(
            "setpriv", "--reuid", user, "--regid", user, "--init-groups", "vipns", "watch", "--json")
        // The first reply is empty and not printed: wait for the connection.
        #expect(try eventually { try lab.run("grep", "-q", " 03 .*/run/vipns/io.vipns", "/proc/net/unix").status == 0 })
        usleep(200_000)
        return watcher
    }

    private func kinds(_ watcher: Running, until last: String) throws -> [Event] {
        var events: [Event] = []
        repeat {
            events.append(try JSONDecoder().decode(Event.self, from: Data(try watcher.line().utf8)))
        } while events.last?.kind != last
        return events
    }

    @Test func `events come in their order`() async throws {
        try await inLab { lab in
            let watcher = try watch(lab)
            #expect(try lab.vipns("enter", "--user", "alice", "--", "true").status == 0)
            let events = try kinds(watcher, until: "freed")
            #expect(events.map(\.kind) == ["opened", "entered", "closing", "closed", "freed"])
            #expect(Set(events.compactMap(\.session?.id)).count == 1)
            #expect(events.allSatisfy { $0.session?.user == "alice" })
            let session = try lab.enter("setsid sleep 1 & exit 0")
            let lingering = try kinds(watcher, until: "freed")
            #expect(
                lingering.map(\.kind) == ["opened", "entered", "closing", "lingering", "closing", "closed", "freed"])
            #expect(lingering.allSatisfy { $0.session?.id == session.id })
        }
    }

    @Test func `a refused and a failed open are events`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101") { lab in
            let watcher = try watch(lab)
            try lab.succeed("ip", "link", "set", "lan0", "down")
            #expect(try lab.vipns("enter", "--", "true").status == 1)
            #expect(try kinds(watcher, until: "freed").map(\.kind).contains("failed"))
            try lab.succeed("ip", "link", "set", "lan0", "up")
            _ = try lab.enter()
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            #expect(try kinds(watcher, until: "refused").last?.session == nil)
        }
    }

    @Test func `users watch their own sessions only`() async throws {
        try await inLab { lab in
            let watcher = try watch(lab, as: "alice")
            _ = try lab.vipns("enter", "--user", "bob", "--", "true")
            try lab.expectFullPool()
            let hers = try lab.enter(options: ["--user", "alice"])
            #expect(try kinds(watcher, until: "entered").allSatisfy { $0.session?.id == hers.id })
        }
    }

    @Test func `history answers who had an address when`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--exhaustion", "deny") { lab in
            var ids: [String] = []
            for user in ["alice", "bob", "alice"] {
                let session = try lab.enter("sleep 0.3", options: ["--user", user])
                ids.append(session.id)
                try lab.expectFullPool()
            }
            #expect(try lab.history().map(\.id) == ids.reversed())
            #expect(try lab.history("--user", "alice").map(\.id) == [ids[2], ids[0]])
            #expect(try lab.history("--limit", "1").map(\.id) == [ids[2]])
            let bob = try lab.history(of: ids[1])
            let end = try #require(bob.ended)
            #expect(bob.opened < end)
            let middle = (bob.opened + end) / 2
            #expect(try lab.history("--address", "10.77.0.101", "--at", text(middle)).map(\.user) == ["bob"])
            #expect(try lab.history("--address", "10.77.0.101", "--at", text(end + 20_000)).isEmpty)
            #expect(try lab.history("--address", "10.77.0.102").isEmpty)
            #expect(try lab.vipns("history", "--at", "nonsense").status == 64)
            #expect(try lab.vipns(as: "bob", "history", "--json").output.contains(ids[0]) == false)
            #expect(try lab.vipns(as: "bob", "history", "--json").output.contains(ids[1]))
        }
    }

    /// A moment as RFC 3339 has it, to the microsecond.
    private func text(_ microseconds: Int) -> String {
        let whole = Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).ISO8601Format().dropLast()
        let fraction = String(1_000_000 + microseconds % 1_000_000).dropFirst()
        return "\(whole).\(fraction)Z"
    }
}
