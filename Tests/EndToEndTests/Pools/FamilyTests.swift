import Testing

extension EndToEnd {
    @Suite struct FamilyTests {}
}

private let both = """
      lab:
        ranges: [10.77.0.101-10.77.0.103, 'fd76:6970:6e73::a1-fd76:6970:6e73::a3']
        prefix: [10.77.0.0/24, 'fd76:6970:6e73::/64']
        gateway: [10.77.0.1, 'fd76:6970:6e73::1']
        hold: 100ms

    """

extension TestLab {
    fileprivate func start(pools: String) throws {
        try configure()
        try write(pools: [pools])
        try tell("start helper")
        try tell("start service")
    }

    /// Starts the helper where fsopen(2) is refused, as before Linux 5.2; seccomp(2).
    ///
    /// It ends with the lab.
    fileprivate func startHelperWithoutFsopen() throws {
        let script = """
            import ctypes, os, struct, sys
            # Its number, 430, is the same everywhere: ENOSYS; all else is allowed.
            steps = [(0x20, 0, 0, 0), (0x15, 0, 1, 430), (6, 0, 0, 0x50000 | 38), (6, 0, 0, 0x7fff0000)]
            octets = b"".join(struct.pack("=HHI", code, yes | no << 8, value) for code, yes, no, value in steps)
            buffer = ctypes.create_string_buffer(octets, len(octets))
            filter = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(buffer)))
            libc = ctypes.CDLL(None)
            if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, filter, 0, 0): sys.exit("no filter")
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let helper = ["/run/vipns-lab/bin/vipns-helper", "--service-user", "64742", "--config"]
        _ = try start(["python3", "-c", script] + helper + ["/run/vipns-lab/vipns.yaml"])
        #expect(try eventually { try run("test", "-S", "/run/vipns/helper").status == 0 })
    }

    /// What a command in a session writes.
    fileprivate func inside(_ id: String, _ script: String) throws -> String {
        try succeed("vipns", "exec", id, "--", "sh", "-c", script)
    }

    /// Whether `to` is reached from a session: nobody listens there, and that is said.
    fileprivate func isConnected(_ id: String, to address: String) throws -> Bool {
        let ask = "import socket; socket.create_connection(('\(address)', 9), 2)"
        return try vipns("exec", id, "--", "python3", "-c", ask).errors.contains("Connection refused")
    }
}

extension EndToEnd.FamilyTests {
    @Test func `a session of a pool with both families has a pair, which is shown, found and returned whole`()
        async throws
    {
        try await inLab(daemons: false) { lab in
            try lab.start(pools: both)
            let session = try lab.enter("echo $VIPNS_PAIRED_ADDRESS; exec sleep 600")
            #expect(session.address == "10.77.0.101")
            #expect(try session.running.line() == "fd76:6970:6e73::a1")
            let addresses = try lab.inside(session.id, "ip -o addr show dev eth0 | awk '{print $4}' | sort")
            #expect(
                addresses.split(separator: "\n") == ["10.77.0.101/24", "fd76:6970:6e73::a1/64", "fe80::aff:fe4d:65/64"])
            for address in ["10.77.0.1", "fd76:6970:6e73::1", "198.51.100.1", "2001:db8::1"] {
                #expect(try lab.isConnected(session.id, to: address), "\(address)")
            }
            let row = try #require(try lab.session(session.id))
            #expect(row.pairedAddress == "fd76:6970:6e73::a1")
            #expect(row.mac == "02:00:0a:4d:00:65")
            #expect(try lab.succeed("vipns", "list").contains("10.77.0.101, fd76:6970:6e73::a1"))
            let sheet = try lab.succeed("vipns", "show", "fd76:6970:6e73::a1")
            #expect(sheet.contains("fd76:6970:6e73::a1/64") && sheet.contains(session.id))
            let pool = try lab.succeed("vipns", "pool", "lab")
            #expect(pool.contains("3: 2 free, 1 leased, 0 held, 0 quarantined"), "\(pool)")
            #expect(pool.contains("10.77.0.102-10.77.0.103, fd76:6970:6e73::a2-fd76:6970:6e73::a3  free"), "\(pool)")
            #expect(try lab.history("--address", "fd76:6970:6e73::a1").map(\.id) == [session.id])
            #expect(try lab.succeed("vipns", "close", "fd76:6970:6e73::a1", "--kill").contains(session.id))
            try lab.expectFullPool()
            let csv = try lab.succeed("vipns", "history", "--csv")
            #expect(csv.contains(",10.77.0.101,") && csv.hasSuffix(",fd76:6970:6e73::a1"), "\(csv)")
        }
    }

    @Test func `a pool is empty when one of its families is`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.start(pools: both.replacing("fd76:6970:6e73::a3", with: "fd76:6970:6e73::a2"))
            #expect(try lab.pool().total == 2)
            _ = try lab.enter()
            _ = try lab.enter()
            let third = try lab.vipns("enter", "--", "ip", "-o", "addr")
            #expect(third.errors.contains("No virtual IP address is available for this session"), "\(third)")
            #expect(third.output.contains("10.77.0.2/24"), "the host's network: \(third)")
        }
    }

    @Test func `a session of a pool with IPv6 alone has no IPv4 but its loopback's`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.start(
                pools: both.replacing("10.77.0.101-10.77.0.103, ", with: "").replacing("10.77.0.0/24, ", with: "")
                    .replacing("10.77.0.1, ", with: ""))
            let session = try lab.enter()
            #expect(session.address == "fd76:6970:6e73::a1")
            #expect(try lab.inside(session.id, "ip -o -4 addr | awk '{print $2, $4}'") == "lo 127.0.0.1/8")
            #expect(try lab.isConnected(session.id, to: "2001:db8::1"))
            #expect(try !lab.isConnected(session.id, to: "10.77.0.1"))
            let row = try #require(try lab.session(session.id))
            #expect(row.pairedAddress == nil)
            #expect(row.mac?.hasPrefix("02:00:") == true)
            let other = try lab.enter()
            #expect(other.address == "fd76:6970:6e73::a2")
            #expect(try lab.isConnected(session.id, to: "fd76:6970:6e73::a2"))
        }
    }

    @Test func `a session of a pool with IPv4 alone has no IPv6 but its loopback's`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            #expect(try lab.inside(session.id, "ip -o -6 addr | awk '{print $2, $4}'") == "lo ::1/128")
        }
    }

    @Test func `a restart adopts pairs, and grants neither of them`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.start(pools: both)
            let session = try lab.enter()
            try lab.tell("kill service")
            try lab.tell("kill helper")
            try lab.tell("start helper")
            try lab.tell("start service")
            #expect(try lab.session(session.id)?.pairedAddress == "fd76:6970:6e73::a1")
            #expect(try lab.isConnected(session.id, to: "2001:db8::1"))
            let others = try lab.reserve(2)
            let taken = try others.map { try lab.session($0)?.pairedAddress }
            #expect(Set(taken) == ["fd76:6970:6e73::a2", "fd76:6970:6e73::a3"])
            #expect(try lab.pool().free == 0)
            try lab.succeed("vipns", "close", "--all", "--kill")
            try lab.expectFullPool()
        }
    }

    @Test func `a reload that pairs addresses anew waits for both of a live pair`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.start(pools: both)
            let session = try lab.enter()
            // 101 with a2, 102 with a3, 103 with a1: the first is of 101 and the last of a1, both in use.
            let shifted = both.replacing(
                "'fd76:6970:6e73::a1-fd76:6970:6e73::a3'",
                with: "'fd76:6970:6e73::a2-fd76:6970:6e73::a3', 'fd76:6970:6e73::a4'")
            try lab.write(pools: [shifted])
            try lab.reload()
            #expect(try lab.pool().free == 2)
            try lab.write(pools: [
                both.replacing("10.77.0.101-10.77.0.103", with: "10.77.0.102, 10.77.0.101, 10.77.0.103")
            ])
            try lab.reload()
            #expect(try lab.pool().free == 2, "sorted, so the pairs are the same")
            let other = both.replacing("10.77.0.101-10.77.0.103", with: "10.77.0.100-10.77.0.102")
            try lab.write(pools: [other])
            try lab.reload()
            // 100 goes with a1 and 101 with a2: one half of each is in use.
            #expect(try lab.pool().free == 1)
            let added = try lab.enter()
            #expect(added.address == "10.77.0.102")
            let empty = try lab.vipns("enter", "--", "true")
            #expect(empty.errors.contains("No virtual IP address"), "\(empty)")
            let shown = try lab.succeed("vipns", "pool", "lab")
            #expect(shown.split(separator: "\n").filter { $0.contains(session.id) }.count == 2, "\(shown)")
            try lab.succeed("vipns", "close", session.id, "--kill")
            #expect(try eventually { try lab.pool().free == 2 })
            #expect(try lab.enter().address == "10.77.0.100")
        }
    }

    /// A host without IPv6 cannot be had without a reboot: what the programs look at, its directory in /proc, is hidden.
    ///
    /// The helper has a /proc of its own where it can, which nothing hides; here it cannot.
    @Test func `a host that seems to have no IPv6 refuses such pools, and serves the others`() async throws {
        try await inLab(daemons: false) { lab in
            try lab.configure()
            try lab.write(pools: [both])
            try lab.startHelperWithoutFsopen()
            try lab.tell("start service")
            try lab.succeed("mount", "-t", "tmpfs", "none", "/proc/sys/net")
            let empty = try lab.census()
            let refused = try lab.vipns("enter", "--", "true")
            #expect(refused.status == 1)
            #expect(
                refused.errors.contains(
                    "cannot give a session address fd76:6970:6e73::a1: Address family not supported by protocol "
                        + "(this host has no IPv6: was it booted with 'ipv6.disable=1'?)"), "\(refused)")
            for name in ["namespaces", "mounts", "names", "links"] {
                #expect(try eventually { try lab.census()[name] == empty[name] }, "\(name)")
            }
            try lab.expectFullPool()
            let check = try lab.vipns("check", "/run/vipns-lab/vipns.yaml")
            #expect(check.status == 1)
            #expect(
                check.errors.contains(
                    "line 4, column 28: prefix 'fd76:6970:6e73::/64' is IPv6, which this host has not"), "\(check)")
            try lab.configure()
            try lab.reload()
            let session = try lab.enter()
            #expect(try lab.isConnected(session.id, to: "10.77.0.1"))
        }
    }
}
