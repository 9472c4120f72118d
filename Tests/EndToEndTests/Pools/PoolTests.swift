import Foundation
import Testing

extension EndToEnd {
    @Suite struct PoolTests {}
}

/// A pool's use and its addresses, as `vipns pool NAME --json` prints them.
private struct PoolSheet: Decodable {
    struct Address: Decodable {
        struct Session: Decodable { let id: String }

        let first: String
        let last: String
        let state: String
        let session: Session?
        let text: String?

        var line: String { "\(first) \(last) \(state) \(session?.id ?? "-")" }
    }

    let peak: Int
    let peakAt: Int?
    let refusals: Int
    let lastRefusal: Int?
    let addresses: [Address]
}

extension EndToEnd.PoolTests {
    private func sheet(_ lab: TestLab, as user: String? = nil) throws -> PoolSheet {
        let words = ["pool", "lab", "--json"]
        let outcome = try user.map { try lab.vipns(as: $0, words[0], words[1], words[2]) } ?? lab.run(["vipns"] + words)
        try #require(outcome.status == 0, "\(outcome)")
        return try #require(try JSONDecoder().decode([PoolSheet].self, from: Data(outcome.output.utf8)).first)
    }

    @Test func `a pool tells of each address why it is in its state`() async throws {
        try await inLab(options: ["--range", "10.77.0.101-10.77.0.104", "--hold", "20s"]) { lab in
            try lab.succeed(
                "ip", "link", "add", "rival", "link", "lan0", "address", "02:00:0a:4d:00:65", "type", "macvlan", "mode",
                "bridge")
            try lab.succeed("ip", "link", "set", "rival", "up")
            let first = try lab.enter(options: ["--user", "alice"])
            let second = try lab.enter()
            try lab.succeed("vipns", "close", second.id, "--kill")
            let found = try sheet(lab)
            let quarantined = try #require(found.addresses.first?.session?.id)
            #expect(
                found.addresses.map(\.line) == [
                    "10.77.0.101 10.77.0.101 quarantined \(quarantined)", "10.77.0.102 10.77.0.102 leased \(first.id)",
                    "10.77.0.103 10.77.0.103 held \(second.id)", "10.77.0.104 10.77.0.104 free -",
                ])
            #expect(found.addresses[0].text?.contains("Address already in use") == true, "\(found.addresses[0])")
            let text = try lab.succeed("vipns", "pool", "lab")
            #expect(text.contains("rests for"), "\(text)")
            #expect(text.contains("peak use       3 of 4"), "\(text)")
            // Others see states, and no more of a session than their own.
            #expect(try sheet(lab, as: "alice").addresses.map { $0.session?.id } == [quarantined, first.id, nil, nil])
            #expect(try sheet(lab, as: "alice").addresses.map(\.state) == found.addresses.map(\.state))
            #expect(try lab.vipns(as: "bob", "pool", "lab").output.contains("alice") == false)
            try lab.succeed("ip", "link", "del", "rival")
            // They rest for longer than the test waits.
            for id in [quarantined, second.id] { lab.forget(id) }
            try lab.succeed("vipns", "close", first.id, "--kill")
            lab.forget(first.id)
        }
    }

    @Test func `peak use and refusals are counted, and outlive the service`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.102", "--exhaustion", "deny") { lab in
            #expect(try sheet(lab).peak == 0)
            let ids = try lab.reserve(2)
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            #expect(try lab.vipns("enter", "--", "true").status == 75)
            for id in ids { try lab.succeed("vipns", "close", id, "--kill") }
            try lab.expectFullPool()
            _ = try lab.enter("true")
            let before = try sheet(lab)
            #expect(before.peak == 2)
            #expect(before.refusals == 2)
            #expect(before.peakAt ?? 0 > 0)
            #expect(before.lastRefusal ?? 0 > before.peakAt ?? 0)
            try lab.tell("kill service")
            try lab.tell("start service")
            let after = try sheet(lab)
            #expect(after.peak == 2)
            #expect(after.refusals == 2)
            #expect((after.peakAt, after.lastRefusal) == (before.peakAt, before.lastRefusal))
            #expect(try lab.succeed("vipns", "pool", "lab").contains("refused        2 since"))
        }
    }
}
