import Glibc
import Testing

extension EndToEnd {
    @Suite struct FloodTests {}
}

extension TestLab {
    /// Starts Python as somebody: by name, or by number where there is no such account.
    func start(as user: String, python script: String, _ words: String...) throws -> Running {
        let groups = user.first?.isNumber == true ? "--clear-groups" : "--init-groups"
        let identity = ["setpriv", "--reuid", user, "--regid", user, groups]
        return try start(identity + ["/usr/bin/python3", "-uc", script] + words)
    }

    /// The resident memory of the service, in KiB, and how many descriptors it has open.
    func footprint() throws -> (memory: Int, descriptors: Int) {
        let pid = try process(of: "service")
        let status = try succeed("cat", "/proc/\(pid)/status")
        let memory = status.firstMatch(of: /VmRSS:\s+([0-9]+)/).flatMap { Int($0.1) }
        return (try #require(memory), try succeed("ls", "/proc/\(pid)/fd").split(separator: "\n").count)
    }

    /// How many descriptors a daemon may have.
    func descriptorLimit(of daemon: String = "service") throws -> Int {
        let limits = try succeed("cat", "/proc/\(try process(of: daemon))/limits")
        return try #require(limits.firstMatch(of: /Max open files\s+([0-9]+)/).flatMap { Int($0.1) })
    }
}

/// Times in microseconds, sorted.
private struct Times: CustomStringConvertible {
    let values: [Int]

    init(_ line: String) { values = line.split(separator: " ").compactMap { Int($0) } }

    /// What 99 of 100 took at most, in milliseconds.
    var p99: Double { values.isEmpty ? .infinity : Double(values[values.count * 99 / 100]) / 1000 }

    var description: String {
        let median = values.isEmpty ? 0 : Double(values[values.count / 2]) / 1000
        return "\(values.count) calls: median \(median) ms, p99 \(p99) ms, most \(Double(values.last ?? 0) / 1000) ms"
    }
}

/// Who asks during a flood, for what, and how long it may take.
private struct Asker {
    let user: String
    let kind: String
    /// In milliseconds: what 99 of 100 take at most.
    let limit: Double

    /// Root's opens, logins of another user, and that user's lists.
    ///
    /// Only root may open: a user's session is opened as it is in life, by root, who asks for a login of that user. What
    /// the user may ask for alone is a list.
    static func all(root: Double, user: Double) -> [Asker] {
        [
            Asker(user: "root", kind: "open", limit: root), Asker(user: "root", kind: "login", limit: user),
            Asker(user: "alice", kind: "list", limit: user),
        ]
    }

    func start(_ lab: TestLab, _ count: Int, _ seconds: Int) throws -> Running {
        try lab.start(as: user, python: Flood.asking, kind, "\(count)", "\(seconds)")
    }
}

extension EndToEnd.FloodTests {
    // Each by a user of its own: as one, they would take each other's places, and what was to be idle, or slow, would
    // not be there. Four do more than one may.
    @Test func `users who flood the socket with connections keep nobody else from it`() async throws {
        let kinds = [("connections", "bob"), ("idle", "64803"), ("slow", "64804"), ("descriptors", "64805")]
        try await flood(by: kinds, seconds: Dose.of(6, full: 60), Asker.all(root: 50, user: 100)) { done in
            let connections = try #require(done["connections"])
            #expect(Double(connections.made) >= 950 * connections.seconds || Dose.isSanitized, "\(connections)")
            // All but 64 at a time were ended at once.
            #expect(connections.ended > connections.made / 2, "\(connections)")
            let idle = try #require(done["idle"])
            #expect(idle.made == 64 && idle.ended == 0, "\(idle)")
            let slow = try #require(done["slow"])
            #expect(slow.ended >= 64, "\(slow)")
            // 5 s are what a request may take, and are looked at eight times in that.
            #expect(slow.shortest >= 4.9 && slow.longest < max(Dose.limit(6.5), 6.5), "\(slow)")
            let descriptors = try #require(done["descriptors"])
            #expect(descriptors.ended > 64 && descriptors.ended > descriptors.made - 128, "\(descriptors)")
        }
    }

    @Test func `a user who asks without end keeps nobody else from it`() async throws {
        // What is asked is work, for one thread; so others wait for some of it.
        let askers = Asker.all(root: 100, user: 200)
        try await flood(by: [("calls", "bob")], seconds: Dose.of(3, full: 60), askers) { done in
            let calls = try #require(done["calls"])
            #expect(calls.made > 1000, "\(calls)")
        }
    }

    @Test func `a user whose texts take long to compare keeps nobody else from it`() async throws {
        try await flood(by: [("text", "bob")], seconds: Dose.of(3, full: 60), Asker.all(root: 50, user: 100)) { done in
            let texts = try #require(done["text"])
            #expect(texts.made > 500 && texts.ended > 100, "\(texts)")
        }
    }

    private func flood(
        by kinds: [(String, String)], seconds: Int, _ askers: [Asker],
        _ check: @Sendable ([String: Flooded]) throws -> Void
    ) async throws {
        try await inLab("--range", "10.77.0.50-10.77.0.249", "--hold", "100ms") { lab in
            try lab.succeed("sed", "-i", "1i rules: [{pool: lab}]", "/run/vipns-lab/vipns.yaml")
            try lab.succeed("vipns", "reload")
            let count = Dose.of(200, full: 1500)
            // Without a flood: what is loaded and allocated the first time is no growth, and what takes long on a machine
            // that is busy otherwise is not the flood's doing.
            let calm = try askers.map { asker in
                Times(try asker.start(lab, 100, 1).end(within: .seconds(20)).output)
            }
            #expect(calm.allSatisfy { $0.values.count == 100 })
            let quiet = try lab.footprint()
            let limit = try lab.descriptorLimit()
            let flooders = try kinds.map { kind, user in
                (kind, try lab.start(as: user, python: Flood.script, kind, "\(seconds + 2)"))
            }
            for (_, flooder) in flooders { #expect(try flooder.line() == "ready") }
            let asking = try askers.map { try $0.start(lab, count, seconds) }
            var most = quiet
            while !asking.allSatisfy(\.hasEnded) {
                usleep(100_000)
                let now = try lab.footprint()
                most = (max(most.memory, now.memory), max(most.descriptors, now.descriptors))
            }
            let times = try asking.map { Times(try $0.end().output) }
            var done: [String: Flooded] = [:]
            for (kind, flooder) in flooders {
                done[kind] = try flooder.value(Flooded.self, within: .seconds(20))
                print("flood of \(kind): \(done[kind].map { "\($0)" } ?? "")")
            }
            try check(done)
            let after = try lab.footprint()
            print("memory \(quiet.memory) KiB, most \(most.memory), after \(after.memory)")
            print("descriptors \(quiet.descriptors), most \(most.descriptors), after \(after.descriptors) of \(limit)")
            for (asker, (before, now)) in zip(askers, zip(calm, times)) {
                print("\(asker.user)'s \(asker.kind): \(now); without a flood \(before)")
                // A machine that is busy may be slow; one that is left alone may not.
                let limit = Dose.isFull ? asker.limit : max(Dose.limit(asker.limit), 4 * before.p99)
                #expect(now.values.count == count && now.p99 < limit, "\(asker.user)'s \(asker.kind): \(now)")
            }
            #expect(most.memory - quiet.memory < 8 << 10 || Dose.isSanitized)
            #expect(most.descriptors < limit / 2)
            #expect(try eventually { try lab.footprint().descriptors <= quiet.descriptors + 6 })
        }
    }
}
