import Testing

extension EndToEnd {
    @Suite struct PoolSettingTests {}
}

private let rulesPath = "/run/vipns-lab/lab.nft"

extension TestLab {
    /// Writes a firewall of root's, then starts both daemons on a pool with these lines.
    fileprivate func start(pool: [String], firewall: String = "", mode: String = "644") throws {
        try configure(pool: pool)
        try succeed("sh", "-c", "umask 022; printf '%s' '\(firewall)' > \(rulesPath); chmod \(mode) \(rulesPath)")
        try tell("start helper")
        try tell("start service")
    }

    /// What a program in a fresh session of a plain user writes.
    fileprivate func inSession(_ words: String...) throws -> Outcome {
        try run(["vipns", "enter", "--user", "alice", "--"] + words)
    }
}

/// Answers on two ports.
private let server = """
    exec python3 -u -c '
    import selectors, socket
    ready = selectors.DefaultSelector()
    for port in (5060, 5061):
        ready.register(socket.create_server(("0.0.0.0", port)), selectors.EVENT_READ)
    print("listening")
    while True:
        for key, _ in ready.select():
            key.fileobj.accept()[0].close()
    '
    """

private let connect = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), 1)"

extension EndToEnd.PoolSettingTests {
    @Test func `a pool's firewall drops what comes to a port of a session, and nothing else`() async throws {
        try await inLab(daemons: false) { lab in
            let rules = """
                table inet session {
                  chain in { type filter hook input priority 0
                    tcp dport 5061 drop
                  }
                }

                """
            try lab.start(pool: ["firewall: \(rulesPath)"], firewall: rules)
            let session = try lab.enter(server)
            #expect(try session.running.line() == "listening")
            let address = try #require(session.address)
            #expect(try lab.onNeighbour("python3", "-c", connect, address, "5060").status == 0)
            let dropped = try lab.onNeighbour("python3", "-c", connect, address, "5061")
            #expect(dropped.status == 1)
            #expect(dropped.errors.contains("timed out"), "\(dropped)")
            // The host has none of it.
            #expect(try lab.succeed("nft", "list", "tables") == "")
        }
    }

    @Test func `a firewall that nft refuses closes the open with its words, and nothing stays`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.start(pool: ["firewall: \(rulesPath)"], firewall: "table inet session {\n  chain in { drpp\n} }\n")
            let empty = try lab.census()
            let outcome = try lab.vipns("enter", "--", "true")
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(
                    "cannot load firewall '\(rulesPath)': line 2:18-18: Error: syntax error, unexpected newline"),
                "\(outcome)")
            for name in ["namespaces", "mounts", "names", "links"] {
                #expect(try eventually { try lab.census()[name] == empty[name] }, "\(name)")
            }
            // Mended, it is read again: the next session has it, without a restart.
            try lab.succeed("sh", "-c", "echo 'table inet session' > \(rulesPath)")
            let mended = try lab.run("vipns", "enter", "--", "nft", "list", "tables")
            #expect(mended.output == "table inet session", "\(mended)")
            // Writable by others, it is not.
            try lab.succeed("chmod", "666", rulesPath)
            let open = try lab.vipns("enter", "--", "true")
            #expect(open.status == 1)
            #expect(open.errors.contains("'\(rulesPath)' can be written by others than root"), "\(open)")
        }
    }

    @Test func `a firewall that takes too long is given up before a login is`() async throws {
        try await inLab(daemons: false) { lab in
            // nft reads what is named here, and waits for somebody to write.
            try lab.succeed("mkfifo", "/run/vipns-lab/silent")
            try lab.start(pool: ["firewall: \(rulesPath)"], firewall: "include \"/run/vipns-lab/silent\"\n")
            let start = ContinuousClock.now
            let outcome = try lab.vipns("enter", "--", "true")
            #expect(ContinuousClock.now - start < .seconds(Dose.limit(2)))
            #expect(outcome.status == 1)
            #expect(
                outcome.errors.contains(
                    "cannot load firewall '\(rulesPath)': '/usr/sbin/nft' is not done after 1.0 seconds"),
                "\(outcome)")
            #expect(try eventually { try lab.run("pgrep", "-x", "nft").status == 1 })
        }
    }

    @Test func `who speaks for the service cannot make root load another file, or write another's setting`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            try lab.start(pool: ["firewall: \(rulesPath)"], firewall: "table inet session\n")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            try lab.tell("kill service")
            try lab.succeed("sh", "-c", "echo 'table inet other' > /run/vipns-lab/other.nft")
            let forged =
                HelperClient.script + """
                    base = attribute(2, b"k7f3q2m5\\0"), attribute(3, struct.pack("=I", 0x1fffff))
                    answer = ask(36, *base, attribute(18, b"/run/vipns-lab/other.nft\\0"))
                    print(errno_of(answer), text_of(answer))
                    print(ask(36, *base, attribute(19, b"net..kernel.core_pattern\\0x\\0")))
                    """
            let outcome = try lab.run(
                "setpriv", "--reuid", "64742", "--regid", "64742", "--clear-groups", "/usr/bin/python3", "-c", forged)
            #expect(outcome.output.hasPrefix("1 cannot load firewall '/run/vipns-lab/other.nft'"), "\(outcome)")
            #expect(outcome.output.contains("outside of the helper's allowance"), "\(outcome)")
            // The channel has ended.
            #expect(outcome.output.hasSuffix("b''"), "\(outcome)")
            #expect(try lab.obey("logs").contains("malformed message on the helper channel: setting"))
            try lab.tell("start service")
        }
    }

    @Test func `settings, low ports, MTU and routes are there for a plain user`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.succeed("sh", "-c", "echo '40000 50001' > /proc/sys/net/ipv4/ip_local_port_range")
            try lab.start(pool: [
                "sysctls: {net.ipv4.tcp_keepalive_time: 601}", "inherit: [net.ipv4.ip_local_port_range]",
                "low_ports: yes", "mtu: 1300", "routes: [{to: 203.0.113.0/24, via: 10.77.0.1}]",
            ])
            let inside = try lab.inSession(
                "sh", "-c",
                """
                cat /proc/sys/net/ipv4/tcp_keepalive_time /proc/sys/net/ipv4/ip_local_port_range
                cat /sys/class/net/lo/mtu > /dev/null
                ip -o link show eth0 | grep -o 'mtu [0-9]*'
                ip route get 203.0.113.9 | head -n 1 | tr -s ' '
                python3 -c 'import os, socket; print(os.getuid(), socket.create_server(("0.0.0.0", 80)).getsockname()[1])'
                """)
            #expect(
                inside.output.replacing(" uid 64801", with: "").split(separator: "\n").map { $0.trimming() } == [
                    "601", "40000\t50001", "mtu 1300",
                    "203.0.113.9 via 10.77.0.1 dev eth0 src 10.77.0.101", "64801 80",
                ], "\(inside)")
            // The host keeps its own.
            #expect(try lab.succeed("cat", "/proc/sys/net/ipv4/tcp_keepalive_time") == "7200")
        }
    }

    @Test func `a route leads by another gateway`() async throws {
        try await inLab(daemons: false) { lab in
            // Without a default route, only the one that is given leads to what lies behind the neighbour.
            try lab.configure(pool: ["routes: [{to: 198.51.100.0/24, via: 10.77.0.1}]"])
            try lab.succeed("sed", "-i", "/gateway/d", "/run/vipns-lab/vipns.yaml")
            try lab.tell("start helper")
            try lab.tell("start service")
            let server = """
                import socket
                listener = socket.create_server(("198.51.100.1", 7000))
                print("listening", flush=True)
                listener.accept()
                """
            let far = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", server)
            #expect(try far.line() == "listening")
            #expect(try lab.vipns("enter", "--", "python3", "-c", connect, "198.51.100.1", "7000").status == 0)
            #expect(try lab.vipns("enter", "--", "python3", "-c", connect, "192.0.2.1", "7000").status == 1)
        }
    }

    @Test func `the lowest address comes first where the pool says so`() async throws {
        try await inLab("--pool-line", "order: lowest") { lab in
            let ids = try lab.reserve(3)
            try lab.succeed("vipns", "close", ids[0])
            try lab.succeed("vipns", "close", ids[2])
            #expect(try eventually { try lab.pool().free == 2 })
            #expect(try lab.enter().address == "10.77.0.101")
            #expect(try lab.enter().address == "10.77.0.103")
        }
    }

    @Test func `check points out a host with rules and a pool without`() async throws {
        try await inLab { lab in
            #expect(try lab.vipns("check", "/run/vipns-lab/vipns.yaml").errors == "")
            try lab.succeed("nft", "add", "table", "inet", "host")
            let outcome = try lab.vipns("check", "/run/vipns-lab/vipns.yaml")
            #expect(outcome.status == 0)
            #expect(
                outcome.errors.contains("line 2, column 3: pool 'lab' has no 'firewall', and this host has rules"),
                "\(outcome)")
            try lab.succeed("nft", "delete", "table", "inet", "host")
        }
    }
}

extension Substring {
    fileprivate func trimming() -> String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
