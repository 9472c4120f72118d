import LinuxSystem
import Testing

extension EndToEnd {
    @Suite struct PrivilegeTests {}
}

extension EndToEnd.PrivilegeTests {
    @Test func `the service has no privilege, in any thread`() async throws {
        try await inLab { lab in
            _ = try lab.enter()
            let pid = try lab.process(of: "service")
            let status = try lab.succeed("sh", "-c", "cat /proc/\(pid)/task/*/status")
            func values(_ key: String) -> Set<String> {
                Set(
                    status.split(separator: "\n").filter { $0.hasPrefix("\(key):") }.map {
                        $0.dropFirst(key.count + 1).split(whereSeparator: \.isWhitespace).joined(separator: " ")
                    })
            }
            #expect(values("Uid") == ["64742 64742 64742 64742"])
            #expect(values("Gid") == ["64742 64742 64742 64742"])
            #expect(values("Groups") == [""])
            for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
                #expect(values(set) == ["0000000000000000"], "\(set)")
            }
        }
    }

    @Test func `nothing under run belongs to the service, and the sockets are as open as they should be`() async throws
    {
        try await inLab { lab in
            let facts = try lab.succeed(
                "stat", "-c", "%a %u %g %F", "/run/vipns", "/run/vipns/helper", "/run/vipns/io.vipns",
                "/run/vipns/netns")
            #expect(
                facts == """
                    755 0 0 directory
                    660 0 64742 socket
                    666 0 0 socket
                    700 0 0 directory
                    """)
            #expect(try lab.succeed("find", "/run/vipns", "-user", "64742").isEmpty)
            #expect(try lab.succeed("stat", "-c", "%a %u", "/run/vipns-lab/state/vipns.db") == "600 64742")
        }
    }

    /// Passes the service a socket whose last close would wait for an hour, and tells what comes of it.
    private static let lingering = """
        import socket, struct
        listener = socket.create_server(("127.0.0.1", 0))
        sender = socket.create_connection(listener.getsockname())
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 3600))
        sender.setblocking(False)
        try:
            while True:
                sender.send(bytes(65536))
        except BlockingIOError:
            pass
        client = socket.socket(socket.AF_UNIX)
        client.connect("/run/vipns/io.vipns")
        try:
            socket.send_fds(client, [b"x"], [sender.fileno()])
            print("passed")
        except OSError as error:
            print(error.errno)
        """

    @Test(.enabled(if: kernel >= (6, 16), "needs SO_PASSRIGHTS, Linux 6.16"))
    func `nobody can pass the service a descriptor whose close would hold it up`() async throws {
        try await inLab { lab in
            let outcome = try lab.run(
                "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3", "-c",
                Self.lingering)
            // EPERM.
            #expect(outcome.output == "1", "\(outcome)")
            #expect(try lab.vipns("list").status == 0)
        }
    }

    /// The running kernel's version.
    private static var kernel: (Int, Int) {
        let numbers = (try? readTextFile("/proc/sys/kernel/osrelease"))?.split(whereSeparator: { !$0.isNumber }) ?? []
        return (numbers.first.flatMap { Int($0) } ?? 0, numbers.dropFirst().first.flatMap { Int($0) } ?? 0)
    }

    /// Connects to the helper and tells what comes of a greeting.
    private static let knock = """
        import socket, struct
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(2)
        try:
            s.connect("/run/vipns/helper")
            s.send(b"x" * 40)
            print("answer", s.recv(100))
        except OSError as error:
            print(error.strerror)
        """

    @Test func `the helper refuses other users and a second peer`() async throws {
        try await inLab { lab in
            func knock(_ identity: String...) throws -> String {
                try lab.run(["setpriv"] + identity + ["/usr/bin/python3", "-c", Self.knock]).output
            }
            #expect(try knock("--reuid", "alice", "--regid", "alice", "--init-groups") == "Permission denied")
            // Its group opens the file; the peer's user is checked as well.
            let other = try knock("--reuid", "alice", "--regid", "64742", "--clear-groups")
            #expect(other == "answer b''" || other == "Connection reset by peer" || other == "Broken pipe")
            let second = try knock("--reuid", "64742", "--regid", "64742", "--clear-groups")
            #expect(second == "answer b''" || second == "Connection reset by peer" || second == "Broken pipe")
            let logs = try lab.obey("logs")
            #expect(logs.contains("refused a connection from user 64801"))
            #expect(logs.contains("refused a second service"))
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    private static func service(_ state: String) -> [String] {
        [
            "setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups", "--no-new-privs", "vipnsd",
            "--config", "/run/vipns-lab/vipns.yaml", "--state", state,
        ]
    }

    @Test func `a second service on the same state ends at once and touches nothing`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let facts = ["find", "/run/vipns-lab/state", "/run/vipns", "-printf", "%p %s %i %T@\\n"]
            let before = try lab.run(facts).output
            let outcome = try lab.run(Self.service("/run/vipns-lab/state"), within: .seconds(5))
            #expect(outcome.status == 1)
            #expect(outcome.errors == "vipnsd: cannot start: another vipnsd serves '/run/vipns-lab/state'")
            #expect(try lab.run(facts).output == before)
            #expect(try lab.session(session.id)?.state == "active")
        }
    }

    @Test func `a second service on other state gets no helper and does no harm`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.succeed("install", "-d", "-o", "64742", "/run/vipns-lab/other")
            let second = try lab.start(
                ["sh", "-c", "echo $$; exec \"$@\"", "sh"] + Self.service("/run/vipns-lab/other"))
            let process = try second.line()
            #expect(try eventually { try lab.obey("logs").contains("refused a second service") })
            #expect(!second.hasEnded)
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.succeed("kill", "-9", process)
        }
    }

    @Test func `the service refuses to run as root`() async throws {
        try await inLab { lab in
            let outcome = try lab.run("vipnsd", "--config", "/run/vipns-lab/vipns.yaml", "--state", "/run/elsewhere")
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("cannot start as root"))
        }
    }

    private static let helper = ["vipns-helper", "--service-user", "64742", "--config", "/run/vipns-lab/vipns.yaml"]

    @Test func `a second helper on the same directory refuses`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let outcome = try lab.run(Self.helper, within: .seconds(5))
            #expect(outcome.status == 1)
            #expect(outcome.errors == "vipns-helper: cannot start: another vipns-helper serves '/run/vipns'")
            #expect(try lab.vipns("exec", session.id, "--", "true").status == 0)
        }
    }

    @Test func `a second helper in the same network namespace refuses, whatever its directory`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let outcome = try lab.run(Self.helper + ["--run", "/run/elsewhere"], within: .seconds(5))
            #expect(outcome.status == 1)
            #expect(outcome.errors == "vipns-helper: cannot start: another vipns-helper serves this network namespace")
            #expect(try lab.vipns("exec", session.id, "--", "true").status == 0)
        }
    }

    @Test func `the helper refuses a mount namespace that is not init's, unless told`() async throws {
        try await inLab { lab in
            let elsewhere = ["unshare", "-m"] + Self.helper + ["--run", "/run/elsewhere"]
            let outcome = try lab.run(elsewhere, within: .seconds(5))
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("mount namespace that is not init's"))
            #expect(outcome.errors.contains("--private-mounts"))
            // In a network namespace of its own: this one has its helper.
            let told = try lab.start(["unshare", "-n"] + elsewhere + ["--private-mounts"])
            #expect(try eventually { try lab.run("test", "-S", "/run/elsewhere/helper").status == 0 })
            #expect(!told.hasEnded)
            told.kill()
        }
    }

    @Test func `the helper refuses to serve root, and to run as somebody else`() async throws {
        try await inLab { lab in
            let root = try lab.run("vipns-helper", "--service-user", "0", "--run", "/run/elsewhere")
            #expect(root.status == 1)
            #expect(root.errors.contains("the service must not be root"))
            let alice = try lab.run(["setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups"] + Self.helper)
            #expect(alice.status == 1)
            #expect(alice.errors.contains("root is needed"))
        }
    }

    /// Speaks to the helper as the service's user: two addresses, outside of the allowance and once inside.
    private static let foreignAddress =
        HelperClient.script + """
            def say(octets):
                failed = kind_of(octets) == 33
                print(kind_of(octets), errno_of(octets) if failed else "", text_of(octets) if failed else "")
            session = attribute(2, b"aaaaaaaa\\0")
            number = attribute(3, struct.pack("=I", 0x100500))
            def link(last):
                return [session, attribute(5, b"lan0\\0"), attribute(6, bytes(4)), attribute(7, bytes([2, 0, 10, 77, 0, last])),
                    attribute(8, bytes([10, 77, 0, last])), attribute(9, struct.pack("=I", 24))]
            say(hello)
            say(ask(36, session, number))
            say(ask(37, *link(201)))
            say(ask(47, attribute(17, bytes(8))))
            say(ask(48, attribute(17, bytes(8))))
            say(ask(37, *link(101)))
            say(ask(41, session, number))
            """

    @Test func `a helper gives no address outside of its allowance, whatever the service says`() async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            let outcome = try lab.run("/usr/bin/python3", "-c", Self.foreignAddress)
            let lines = outcome.output.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 2) }
            try #require(lines.count == 7, "\(outcome)")
            // CONNECT: EPERM. RELOAD by another checksum: EAGAIN. SETTLE by another: ESTALE.
            #expect(lines[2].prefix(2) == ["33", "1"] && lines[2].last?.contains("run 'vipns reload'") == true)
            #expect(lines[3].prefix(2) == ["33", "11"] && lines[4].prefix(2) == ["33", "116"], "\(outcome)")
            #expect(lines[5].first == "32", "\(outcome)")
            try lab.tell("start service")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    /// Speaks to the helper as the service's user: links with IPv6 that it may not have, and at last one that it may.
    private static let foreignPairs =
        HelperClient.script + """
            def words(octets): return f"{kind_of(octets)} " + (text_of(octets) if kind_of(octets) == 33 else "")
            session, number = attribute(2, b"aaaaaaaa\\0"), attribute(3, struct.pack("=I", 0x100500))
            def six(text, gateway=None, via=None, length=64):
                parts = [attribute(23, socket.inet_pton(10, text)), attribute(24, struct.pack("=I", length))]
                if gateway: parts.append(attribute(25, socket.inet_pton(10, gateway)))
                if via: parts.append(attribute(26, bytes(16) + bytes(4) + socket.inet_pton(10, via)))
                return parts
            four = [attribute(8, bytes([10, 77, 0, 101])), attribute(9, struct.pack("=I", 24))]
            mac = attribute(7, bytes([2, 0, 10, 77, 0, 101]))
            def mac_of(text):
                value = 0x811c9dc5
                for octet in socket.inet_pton(10, text): value = (value ^ octet) * 0x01000193 & 0xffffffff
                return attribute(7, bytes([2, 0]) + value.to_bytes(4, "big"))
            def link(mac, *parts):
                return words(ask(37, session, attribute(5, b"lan0\\0"), attribute(6, bytes(4)), mac, *parts))
            ask(36, session, number)
            own = "fd76:6970:6e73::101"
            print(link(mac, *four, *six("fd76:6970:6e73::201")))
            for text in ["::ffff:10.77.0.101", "ff02::101"]: print(link(mac_of(text), *six(text)))
            print(link(mac, *six(own)))
            print(link(mac, *four, *six(own, gateway="fd76:6970:6e74::1")))
            print(link(mac, *four, *six(own, via="2001:db8::1")))
            print(link(mac, *four, *six(own, gateway="fe80::1")))
            print(words(ask(41, session, number)))
            """

    /// In place of vipnsd's own: lines that allow more than any address may be.
    private static let careless = """
        printf '%s\\n' '#!/bin/sh' 'echo lan0 10.77.0.101-10.77.0.103' \
            'echo lan0 fd76:6970:6e73::101-fd76:6970:6e73::103' 'echo lan0 ::-::ffff:ffff:ffff' \
            'echo lan0 ff02::-ff02::ffff' > /run/allowance
        chmod 755 /run/allowance
        """

    @Test func `a helper holds each address of a pair against its allowance and its meaning`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed("sh", "-c", Self.careless)
            let helper = try lab.start(
                "vipns-helper", "--service-user", "64742", "--service-program", "/run/allowance", "--config", "/x")
            #expect(try eventually { try lab.run("test", "-S", "/run/vipns/helper").status == 0 })
            let outcome = try lab.run("/usr/bin/python3", "-c", Self.foreignPairs)
            let refused = "outside of the helper's allowance; run 'vipns reload' after a change of the configuration"
            #expect(
                outcome.output.split(separator: "\n").map(String.init) == [
                    "33 cannot give a session address fd76:6970:6e73::201 on parent link 'lan0': Operation not permitted "
                        + "(\(refused))",
                    "33 cannot give a session address ::ffff:10.77.0.101 on parent link 'lan0': Operation not permitted "
                        + "(\(refused))",
                    "33 cannot give a session address ff02::101 on parent link 'lan0': Operation not permitted "
                        + "(\(refused))",
                    "33 cannot give a session the MAC address 02:00:0a:4d:00:65: Invalid argument",
                    "33 cannot use gateway fd76:6970:6e74::1 outside of fd76:6970:6e73::101/64: Invalid argument",
                    "33 cannot use gateway 2001:db8::1 outside of fd76:6970:6e73::101/64: Invalid argument",
                    "32 ", "41 ",
                ], "\(outcome)")
            #expect(!helper.hasEnded)
        }
    }

    @Test func `a service that starts with a later configuration has the helper read it as well`() async throws {
        try await inLab { lab in
            try lab.succeed(
                "sed", "-i", "s/10.77.0.101-10.77.0.103/10.77.0.201-10.77.0.203/", "/run/vipns-lab/vipns.yaml")
            try lab.tell("kill service")
            try lab.tell("start service")
            #expect(try lab.enter().address == "10.77.0.201")
        }
    }

    @Test func `a bad configuration changes nothing for a helper that reads it again`() async throws {
        try await inLab { lab in
            try lab.succeed("sh", "-c", "echo nonsense >> /run/vipns-lab/vipns.yaml")
            try lab.tell("signal helper 1")
            #expect(try eventually { try lab.obey("logs").contains("the old one stays") })
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    @Test(arguments: [
        ("exit 3", "it ended with status 3 (its own message stands above)"),
        ("kill -SEGV $$", "signal 11 (Segmentation fault) ended it"),
        ("echo lan0", "it wrote lines that are none (do vipnsd and vipns-helper come from one version of vipns?)"),
        ("exec yes 'lan0 10.77.0.101-10.77.0.103'", "it wrote more than 1 MiB"),
        ("exec sleep 60", "it was not done within 10 s, and was killed"),
    ])
    func `a helper says how the reader of its allowance has ended`(script: String, reason: String) async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed(
                "sh", "-c", "printf '#!/bin/sh\\n%s\\n' \"$1\" > /run/reader; chmod 755 /run/reader", "sh", script)
            let words = ["vipns-helper", "--service-user", "64742", "--config", "/run/vipns-lab/vipns.yaml"]
            let outcome = try lab.run(words + ["--service-program", "/run/reader"])
            let begin =
                "vipns-helper: cannot read the allowance from '/run/reader --allowance /run/vipns-lab/vipns.yaml': "
            #expect(outcome.status == 1 && outcome.errors == begin + reason, "\(outcome)")
        }
    }

    @Test func `a helper's log has the reader's own message above its own`() async throws {
        try await inLab { lab in
            try lab.succeed("sh", "-c", "echo nonsense >> /run/vipns-lab/vipns.yaml")
            try lab.tell("signal helper 1")
            let end = "it ended with status 1 (its own message stands above), the old one stays"
            #expect(try eventually { try lab.log(of: "helper", end).count == 1 })
            let lines = try lab.log(of: "helper", "vipns")
            let index = try #require(lines.firstIndex { $0.hasSuffix(end) })
            #expect(lines[index - 1].hasPrefix("vipnsd: '/run/vipns-lab/vipns.yaml' line "), "\(lines)")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }
}
