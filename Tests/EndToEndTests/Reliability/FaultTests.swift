import Testing

extension EndToEnd {
    @Suite struct FaultTests {}
}

extension EndToEnd.FaultTests {
    /// 3,000 points; a chosen part of them in every run, another one with another VIPNS_SEED.
    @Test func `a daemon that is killed at any system call leaves nothing behind and is ready within a second`()
        async throws
    {
        let report = await FaultHarness.run(.kill, points: Dose.of(150, full: .max), within: .seconds(1800))
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.met >= Dose.of(110, full: 2500) || Environment["VIPNS_POINT"] != nil, "\(report)")
        print(
            "killed at \(report.met) of \(report.all) points (seed \(Dose.seed)), ready after \(report.slowest) s at most"
        )
    }

    /// 7,200 failures, and as above.
    @Test func `a daemon whose system calls fail does not crash, leaks nothing, and serves within a second after`()
        async throws
    {
        let report = await FaultHarness.run(.fail, points: Dose.of(40, full: .max), within: .seconds(2400))
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.met >= Dose.of(28, full: 6200) || Environment["VIPNS_POINT"] != nil, "\(report)")
        print(
            "failed at \(report.met) of \(report.all) points (seed \(Dose.seed)), well after \(report.slowest) s at most"
        )
    }

    private struct FullDisk: Decodable {
        let first: String
        let second: String
        let seconds: Double
    }

    @Test func `on a full disk sessions close and their addresses return, and an open says why it is refused`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            let found = try FaultHarness.run("full_disk", of: FaultHarness.fullDisk, in: lab, as: FullDisk.self)
            #expect(found.first.hasSuffix("(make room on that disk; sessions can be closed meanwhile)"), "\(found)")
            #expect(
                found.second.hasSuffix(
                    "no space is kept for the ends of sessions in '/run/vipns-lab/state/vipns.db.reserve': No space left on "
                        + "device (sessions can be closed, but none opened, until this disk has 8 MiB)"), "\(found)")
        }
    }

    @Test func `without the newer calls of the kernel all works, and each daemon says once what is missing`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            let warnings = try FaultHarness.run(
                "old_kernel", of: FaultHarness.oldKernel, in: lab, as: [String: Int].self)
            // Each was started twice; the service lacks two of them.
            #expect(warnings == ["helper": 2, "service": 4])
        }
    }
}
