import Glibc
import Testing

extension EndToEnd {
    @Suite struct EnterTests {}
}

extension EndToEnd.EnterTests {
    @Test func `a session has its own address, default route and loopback`() async throws {
        try await inLab { lab in
            let outcome = try lab.vipns(
                "enter", "--", "sh", "-c",
                """
                echo $VIPNS_SESSION $VIPNS_ADDRESS $VIPNS_POOL
                ip -o -4 addr show | tr -s ' ' | cut -d ' ' -f 2,4
                ip -o link show eth0 | grep -o 'ether [0-9a-f:]*'
                ip route show default
                ip -6 -o addr show dev eth0 | wc -l
                """)
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(outcome.status == 0)
            try #require(lines.count == 6, "\(lines) \(outcome.errors)")
            #expect(lines[0].wholeMatch(of: /[a-z2-7]{8} 10\.77\.0\.101 lab/) != nil, "\(lines[0])")
            #expect(lines[1] == "lo 127.0.0.1/8")
            #expect(lines[2] == "eth0 10.77.0.101/24")
            // 02, the farm's number, the address.
            #expect(lines[3] == "ether 02:00:0a:4d:00:65")
            #expect(lines[4].hasPrefix("default via 10.77.0.1 dev eth0"))
            #expect(lines[5] == "0")
            try lab.expectFullPool()
        }
    }

    @Test func `a command's exit status is passed on`() async throws {
        try await inLab { lab in
            for status: Int32 in [0, 1, 7, 255] {
                let outcome = try lab.vipns("enter", "--", "sh", "-c", "exit \(status)")
                #expect(outcome.status == status)
            }
        }
    }

    @Test func `a command's end by a signal is its own`() async throws {
        try await inLab { lab in
            for signal in [SIGTERM, SIGKILL] {
                let outcome = try lab.vipns("enter", "--", "sh", "-c", "kill -\(signal) $$")
                #expect(outcome.status == 128 + signal)
            }
        }
    }

    @Test func `a command that is not there or cannot run gives 127 or 126 and leaves no session`() async throws {
        try await inLab { lab in
            let missing = try lab.vipns("enter", "--", "no-such-command")
            #expect(missing.status == 127)
            #expect(missing.errors.hasPrefix("vipns: cannot run 'no-such-command': No such file or directory"))
            #expect(try lab.vipns("enter", "--", "/etc/passwd").status == 126)
            try lab.expectFullPool()
        }
    }

    @Test func `the process that opens is the process that runs the command`() async throws {
        try await inLab { lab in
            // The shell's own number stays its own through two execs.
            let running = try lab.start("sh", "-c", "echo $$; exec vipns enter -- sh -c 'echo $$; exec sleep 600'")
            let own = try running.line()
            #expect(try running.line() == own)
            #expect(try lab.sessions().map(\.leaders) == [[try #require(Int32(own))]])
        }
    }

    @Test func `a command runs with the ids, groups and environment of the user`() async throws {
        try await inLab { lab in
            let outcome = try lab.run(
                [
                    "vipns", "enter", "--user", "alice", "--", "sh", "-c",
                    "id; env | sort; grep -E '^(CapEff|CapPrm)' /proc/self/status",
                ],
                variables: ["SECRET=of-root", "LC_TIME=C"])
            let lines = outcome.output.split(separator: "\n").map(String.init)
            #expect(outcome.status == 0)
            #expect(lines.first == "uid=64801(alice) gid=64801(alice) groups=64801(alice),64811(callers)")
            for line in ["HOME=/run/alice", "USER=alice", "LOGNAME=alice", "SHELL=/bin/sh", "LC_TIME=C"] {
                #expect(lines.contains(line), "\(lines)")
            }
            #expect(!outcome.output.contains("SECRET"))
            #expect(outcome.output.contains("VIPNS_ADDRESS=10.77.0.101"))
            #expect(outcome.output.contains("CapEff:\t0000000000000000"))
            #expect(outcome.output.contains("CapPrm:\t0000000000000000"))
            #expect(try lab.history().first?.user == "alice")
        }
    }

    @Test func `the user behind sudo is the default`() async throws {
        try await inLab { lab in
            let outcome = try lab.run(
                ["vipns", "enter", "--", "id", "-un"], variables: ["SUDO_UID=64802", "SUDO_USER=bob"])
            #expect(outcome.output == "bob")
            let lie = try lab.run(
                ["vipns", "enter", "--", "id", "-un"], variables: ["SUDO_UID=64802", "SUDO_USER=alice"])
            #expect(lie.status == 1)
            #expect(lie.output.isEmpty)
        }
    }

    @Test func `without a command it is the user's shell`() async throws {
        try await inLab { lab in
            let running = try lab.start("vipns", "enter", "--user", "alice")
            try running.say("echo $0 $(id -un) $VIPNS_ADDRESS; exit 5")
            #expect(try running.line() == "sh alice 10.77.0.101")
            #expect(try running.end().status == 5)
        }
    }

    @Test func `without a service nothing is run`() async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            let outcome = try lab.vipns("enter", "--", "echo", "ran")
            #expect(outcome.status == 75)
            #expect(outcome.output.isEmpty)
            #expect(
                outcome.errors
                    == "vipns: cannot reach the session service at '/run/vipns/io.vipns': Connection refused (is vipnsd running?)"
            )
        }
    }

    @Test func `only root opens sessions`() async throws {
        try await inLab { lab in
            let outcome = try lab.vipns(as: "alice", "enter", "--", "true")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("Operation not permitted"))
        }
    }
}
