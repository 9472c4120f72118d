import Testing

extension EndToEndWaits {
    @Suite struct DescriptorShortageTests {}
}

extension EndToEndWaits.DescriptorShortageTests {
    /// Where the service cannot name the reason: it has no descriptor for the connection itself.
    private static let unanswered = "vipns: cannot call 'io.vipns.Open' at '/run/vipns/io.vipns': no answer in time"

    @Test(arguments: ["service", "helper"])
    func `a daemon out of descriptors refuses, ends nothing, and all is well when it has some again`(
        _ daemon: String
    ) async throws {
        try await inLab { lab in
            let pid = try lab.process(of: daemon)
            // Another user's limits may be beyond root, where it is not all of root.
            let user = ["--reuid", "64742", "--regid", "64742", "--clear-groups"]
            func limit(_ count: Int) throws {
                let words = ["prlimit", "--pid", "\(pid)", "--nofile=\(count):"]
                let outcome = try lab.run(daemon == "service" ? ["setpriv"] + user + words : words)
                #expect(outcome.status == 0, "\(outcome)")
            }
            let usual = try lab.descriptorLimit(of: daemon)
            var refused = 0
            // So many can still be opened: what fails then is another call each time.
            for more in 0..<Dose.of(2, full: 20) {
                let session = try lab.enter()
                let reserved = try lab.reserve()[0]
                // A limit is about the number of a descriptor, and below the highest there may be free ones.
                let open = try lab.succeed("ls", "/proc/\(pid)/fd").split(separator: "\n").compactMap { Int($0) }
                try limit(try #require((0...).first { !open.contains($0) }) + more)
                let outcome = try lab.run(["vipns", "enter", "--", "true"], within: .seconds(20))
                let isNamed = outcome.status == 1 && outcome.errors.hasSuffix(": Too many open files")
                let isUnanswered = outcome.status == 75 && daemon == "service" && outcome.errors == Self.unanswered
                #expect(outcome.status == 0 || isNamed || isUnanswered, "\(more): \(outcome)")
                refused += outcome.status == 0 ? 0 : 1
                let close = try lab.start("vipns", "close", reserved)
                try lab.succeed("kill", "-9", "\(session.pid)")
                try lab.succeed("sleep", "0.5")
                try limit(usual)
                #expect(
                    try eventually(within: .seconds(1)) { try lab.vipns("enter", "--", "true").status == 0 }, "\(more)")
                let closed = try close.end(within: .seconds(15))
                #expect(closed.status == 0, "\(more): \(closed)")
                #expect(try lab.process(of: daemon) == pid)
                try lab.expectFullPool()
            }
            #expect(refused > 0)
        }
    }
}
