import Testing

extension EndToEnd {
    @Suite struct ThreadShortageTests {}
}

extension TestLab {
    /// The service has the threads that it waits on, and those of no pool, which would wait for work for some seconds.
    fileprivate func expectOwnThreads(of service: Int32) throws {
        // A sanitizer has one of its own.
        let own = Dose.isSanitized ? 7 : 6
        #expect(
            try eventually(within: .seconds(1)) {
                try succeed("ls", "/proc/\(service)/task").split(separator: "\n").count == own
            })
    }
}

extension EndToEnd.ThreadShortageTests {
    @Test func `a service that gets no more threads ends sessions at once, and all is well when it gets some again`()
        async throws
    {
        try await inLab { lab in
            let service = try lab.process(of: "service")
            let (left, closed) = (try lab.enter(), try lab.reserve()[0])
            try lab.expectOwnThreads(of: service)
            // Another user's limits may be beyond root, where it is not all of root.
            func limit(_ count: String) throws {
                try lab.succeed(
                    "setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups", "prlimit", "--pid",
                    "\(service)",
                    "--nproc=\(count):")
            }
            let usual = try lab.succeed("awk", "/Max processes/ { print $3 }", "/proc/\(service)/limits")
            try limit("1")
            try lab.succeed("kill", "-9", "\(left.pid)")
            #expect(try eventually(within: .seconds(1)) { try lab.session(left.id)?.state == "held" })
            let close = try lab.start("vipns", "close", closed)
            #expect(try close.end(within: Dose.limit(.seconds(1))).status == 0)
            #expect(try lab.history(of: left.id).reason == "last leader ended")
            // Neither of these may hold up the others, whether it can be done or not.
            #expect(try lab.vipns("gc", "--dry-run").status == 0)
            #expect(try lab.vipns("reload").errors.contains("no thread for it"))
            // Nobody can look at the parent link: both addresses rest.
            try lab.succeed("sleep", "0.5")
            #expect(try lab.pool().held == 2)
            try limit(usual)
            try lab.expectFullPool(within: .seconds(1))
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.reload()
            #expect(try lab.process(of: "service") == service)
            try lab.expectOwnThreads(of: service)
        }
    }
}
