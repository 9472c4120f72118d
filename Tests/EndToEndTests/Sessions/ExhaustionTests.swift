import Testing

extension EndToEnd {
    @Suite struct ExhaustionTests {}
}

/// The sentence that users of the original know.
private let sentence = "No virtual IP address is available for this session, please contact your administrator."

extension EndToEnd.ExhaustionTests {
    private static let one = ["--range", "10.77.0.101-10.77.0.101"]

    @Test func `an empty pool that shares says so and goes on with the host's network`() async throws {
        try await inLab(options: Self.one + ["--exhaustion", "share"]) { lab in
            let first = try lab.enter()
            let outcome = try lab.vipns(
                "enter", "--user", "alice", "--", "sh", "-c",
                "ip -o -4 addr show lan0; echo \"[$VIPNS_SESSION]\"; exit 3")
            #expect(outcome.errors == sentence)
            #expect(outcome.status == 3)
            #expect(outcome.output.contains("10.77.0.2/24"))
            #expect(outcome.output.hasSuffix("[]"))
            #expect(try lab.sessions().map(\.id) == [first.id])
            let record = try #require(try lab.history().first)
            #expect(record.outcome == "shared")
            #expect(record.user == "alice")
            #expect(record.address == nil)
            #expect(record.ended != nil)
        }
    }

    @Test func `an empty pool that isolates gives a loopback alone`() async throws {
        try await inLab(options: Self.one + ["--exhaustion", "isolate"]) { lab in
            let first = try lab.enter()
            let outcome = try lab.vipns(
                "enter", "--", "sh", "-c", "ip -o link | wc -l; ip -o -4 addr; echo \"$VIPNS_SESSION[$VIPNS_ADDRESS]\"")
            #expect(outcome.errors == sentence)
            #expect(outcome.status == 0)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.first == "1")
            #expect(lines.dropFirst().first?.contains("127.0.0.1/8") == true)
            #expect(lines.last?.wholeMatch(of: /[a-z2-7]{8}\[\]/) != nil)
            #expect(try eventually { try lab.sessions().map(\.id) == [first.id] })
            let record = try #require(try lab.history().first)
            #expect(record.outcome == "isolated")
            #expect(record.address == nil)
            #expect(record.reason == "last leader ended")
        }
    }

    @Test func `an empty pool that denies runs nothing`() async throws {
        try await inLab(options: Self.one + ["--exhaustion", "deny"]) { lab in
            let first = try lab.enter()
            let outcome = try lab.vipns("enter", "--", "echo", "ran")
            #expect(outcome.errors == sentence)
            #expect(outcome.output.isEmpty)
            #expect(outcome.status == 75)
            #expect(try lab.history().first?.outcome == "denied")
            #expect(try lab.history().first?.reason == "no address available")
            try lab.succeed("vipns", "close", first.id, "--kill")
            try lab.expectFullPool()
            #expect(try lab.vipns("enter", "--", "echo", "ran").output == "ran")
        }
    }
}
