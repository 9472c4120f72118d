import Testing

extension EndToEnd {
    @Suite struct FailureTests {}
}

extension EndToEnd.FailureTests {
    @Test(arguments: ["service", "helper"])
    func `a daemon whose log is read by nobody any more goes on`(_ daemon: String) async throws {
        try await inLab { lab in
            let pid = try lab.process(of: daemon)
            try lab.succeed("kill", "-PIPE", "\(pid)")
            try lab.succeed("sleep", "0.1")
            #expect(try lab.process(of: daemon) == pid)
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    /// Expects that an open fails with that text, at once, and that nothing is left.
    private func expectRefusal(_ lab: TestLab, _ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        let outcome = try lab.vipns("enter", "--", "echo", "ran")
        #expect(outcome.status == 1, "\(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.output.isEmpty, sourceLocation: sourceLocation)
        #expect(outcome.errors.contains(text), "\(outcome)", sourceLocation: sourceLocation)
        try lab.expectFullPool(sourceLocation: sourceLocation)
        #expect(try lab.succeed("ls", "/run/vipns/netns").isEmpty, sourceLocation: sourceLocation)
        let record = try lab.history().first
        #expect(record?.reason == "open failed: network not connected", sourceLocation: sourceLocation)
    }

    @Test func `a parent link that is down or missing is named, and nothing is left`() async throws {
        try await inLab { lab in
            try lab.succeed("ip", "link", "set", "lan0", "down")
            try expectRefusal(lab, "parent link 'lan0': Network is down")
            try lab.succeed("ip", "link", "set", "lan0", "up")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.succeed("ip", "link", "set", "lan0", "down")
            try lab.succeed("ip", "link", "set", "lan0", "name", "lan1")
            try expectRefusal(lab, "parent link 'lan0': No such device")
            try lab.succeed("ip", "link", "set", "lan1", "name", "lan0")
            try lab.succeed("ip", "link", "set", "lan0", "up")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    @Test func `sessions outlive their parent link's going down, and end well after its deletion`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.succeed("ip", "link", "set", "lan0", "down")
            try lab.succeed("ip", "link", "set", "lan0", "up")
            let ping = """
                import socket
                socket.create_connection(("10.77.0.1", 9)) 
                """
            let outcome = try lab.vipns("exec", session.id, "--", "python3", "-c", ping)
            #expect(outcome.errors.contains("Connection refused"), "the neighbour answers: \(outcome)")
            // Made anew at the end, because the lab counts its links.
            try lab.succeed("ip", "link", "del", "lan0")
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.vipns("exec", session.id, "--", "ip", "-o", "link").output.contains("eth0") == false)
            #expect(try lab.vipns("close", session.id, "--kill").status == 0)
            try lab.expectFullPool()
            try expectRefusal(lab, "parent link 'lan0': No such device")
            try lab.succeed("ip", "link", "add", "lan0", "type", "veth", "peer", "name", "port-host", "netns", "switch")
        }
    }

    @Test func `a helper without descriptors fails one open and not the next`() async throws {
        try await inLab { lab in
            let helper = try lab.process(of: "helper")
            let open = try lab.succeed("ls", "/proc/\(helper)/fd").split(separator: "\n").count
            try lab.succeed("prlimit", "--pid", "\(helper)", "--nofile=\(open + 1):")
            let outcome = try lab.vipns("enter", "--", "true")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("Too many open files"), "\(outcome)")
            try lab.succeed("prlimit", "--pid", "\(helper)", "--nofile=1024:")
            try lab.expectFullPool()
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    @Test func `the limit of namespaces is named, and nothing is left`() async throws {
        try await inLab { lab in
            let helper = try lab.process(of: "helper")
            // The real limit belongs to the machine, not to the lab.
            try lab.failing("unshare", with: "ENOSPC", in: "\(helper)") {
                let outcome = try lab.vipns("enter", "--", "true")
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains("user.max_net_namespaces is reached"), "\(outcome)")
            }
            try lab.expectFullPool()
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    @Test func `an address that another link of the host has goes to quarantine, and the next is taken`() async throws {
        try await inLab { lab in
            try lab.succeed(
                "ip", "link", "add", "rival", "link", "lan0", "address", "02:00:0a:4d:00:65", "type", "macvlan", "mode",
                "bridge")
            try lab.succeed("ip", "link", "set", "rival", "up")
            let session = try lab.enter()
            #expect(session.address == "10.77.0.102")
            #expect(
                try eventually {
                    try lab.pool() == PoolRow(total: 3, free: 1, leased: 1, held: 0, quarantined: 1)
                })
            let quarantined = try #require(try lab.sessions().first { $0.state == "quarantined" })
            #expect(quarantined.address == "10.77.0.101")
            #expect(try lab.history(of: quarantined.id).reason == "open failed: address in use")
            try lab.succeed("ip", "link", "del", "rival")
            // Rests for 10 s; the lab is not left with it.
            lab.forget(quarantined.id)
        }
    }

    @Test func `a service without room for its intent opens nothing`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed("mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", "/run/vipns-lab/state")
            try lab.configure()
            try lab.tell("start helper")
            try lab.tell("start service")
            let session = try lab.enter()
            #expect(try lab.run("dd", "if=/dev/zero", "of=/run/vipns-lab/state/filler", "bs=4k").status == 1)
            // What is written first may still find room in the log of the database.
            var outcome: Outcome?
            for _ in 0..<200 where outcome?.status ?? 0 == 0 { outcome = try lab.vipns("enter", "--", "echo", "ran") }
            #expect(outcome?.status == 1)
            #expect(outcome?.output == "")
            #expect(outcome?.errors.contains("(make room on that disk") == true, "\(outcome.map { "\($0)" } ?? "")")
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try eventually { try lab.succeed("ls", "/run/vipns/netns") == session.id })
            try lab.succeed("rm", "/run/vipns-lab/state/filler")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.succeed("vipns", "close", "--all", "--kill")
            try lab.expectFullPool()
        }
    }
}
