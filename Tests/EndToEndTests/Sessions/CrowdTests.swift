import Testing

extension EndToEnd {
    @Suite struct CrowdTests {}
}

extension EndToEnd.CrowdTests {
    @Test func `fifty enter at once, ten too many are told, all get what they should`() async throws {
        try await inLab("--range", "10.77.0.100-10.77.0.149", "--exhaustion", "deny") { lab in
            // One after the other they would be no crowd: one shell starts them all.
            let running = try lab.start(
                "sh", "-c",
                "for i in $(seq 60); do vipns enter -- sh -c 'echo $VIPNS_ADDRESS; exec sleep 600' 2>/dev/null || echo refused $? & done; wait"
            )
            var lines: [String] = []
            for _ in 0..<60 { lines.append(try running.line(within: .seconds(30))) }
            #expect(lines.count { $0 == "refused 75" } == 10)
            #expect(Set(lines).count == 51)
            let sessions = try lab.sessions()
            #expect(sessions.count == 50)
            #expect(Set(sessions.compactMap(\.address)).count == 50)
            #expect(Set(sessions.map(\.number)).count == 50)
            #expect(sessions.allSatisfy { $0.state == "active" && $0.leaders.count == 1 })
            #expect(try lab.vipns("close", "--all", "--kill").status == 0)
            try lab.expectFullPool(within: .seconds(10))
            #expect(try running.end().status == 0)
        }
    }

    @Test func `closing all tells of each, and how far it is`() async throws {
        try await inLab("--range", "10.77.0.100-10.77.0.149") { lab in
            let ids = try lab.reserve(40)
            let outcome = try lab.run("script", "-qec", "vipns close --all", "/dev/null")
            #expect(outcome.status == 0)
            // What a terminal shows at last: each line over the progress that stood there.
            let lines = outcome.output.split(separator: "\r\n").compactMap { $0.split(separator: "\u{1B}[K").last }
            #expect(
                Set(lines.dropLast().map(String.init)) == Set(ids.map { "session '\($0)' is closed" }), "\(outcome)")
            #expect(lines.last == "\r")
            let counts = outcome.output.matches(of: /closed ([0-9]+) of 40/).compactMap { Int($0.1) }
            #expect(counts == Array(0..<40), "\(outcome)")
            try lab.expectFullPool()
        }
    }

    @Test func `two hundred sessions open and close at once`() async throws {
        try await inLab("--range", "10.77.0.10-10.77.0.249") { lab in
            let ids = try lab.reserve(200)
            #expect(Set(ids).count == 200)
            #expect(try lab.pool() == PoolRow(total: 240, free: 40, leased: 200, held: 0, quarantined: 0))
            // All requests are on their way before the first answer is read.
            let script = """
                ids = sys.stdin.readline().split()
                connections = []
                for id in ids:
                    c = socket.socket(socket.AF_UNIX)
                    c.connect("/run/vipns/io.vipns")
                    request = {"method": "io.vipns.Close", "parameters": {"session": id}}
                    c.sendall(json.dumps(request).encode() + b"\\0")
                    connections.append(c)
                states = set()
                for c in connections:
                    octets = b""
                    while not octets.endswith(b"\\0"):
                        octets += c.recv(1 << 16)
                    states.add(json.loads(octets[:-1])["parameters"]["session"]["state"])
                print(*states)
                """
            let closer = try lab.startClient(script)
            try closer.say(ids.joined(separator: " "))
            #expect(try closer.line(within: .seconds(20)) == "held")
            try lab.expectFullPool()
            #expect(try lab.succeed("ls", "/run/vipns/netns").isEmpty)
            #expect(try lab.history("--limit", "1000").count { $0.reason == "closed by request" } == 200)
        }
    }
}
