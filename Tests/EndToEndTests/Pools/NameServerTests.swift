import Testing

extension EndToEnd {
    @Suite struct NameServerTests {}
}

/// Answers every question with 192.0.2.80, or 2001:db8::80, by UDP and TCP; says who asked.
private let server = """
    import selectors, socket, struct, sys
    ready = selectors.DefaultSelector()
    for address in sys.argv[1:]:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            s = socket.socket(family, kind)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((address, 53))
            if kind == socket.SOCK_STREAM: s.listen()
            ready.register(s, selectors.EVENT_READ, kind)
    print("listening", flush=True)
    def answer(q):
        end = q.index(0, 12) + 5
        kind = struct.unpack("!H", q[end - 4:end - 2])[0]
        data = {1: socket.inet_aton("192.0.2.80"), 28: socket.inet_pton(socket.AF_INET6, "2001:db8::80")}.get(kind, b"")
        head = q[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if data else 0, 0, 0)
        record = struct.pack("!HHHIH", 0xc00c, kind, 1, 60, len(data)) + data
        return head + q[12:end] + (record if data else b"")
    while True:
        for key, _ in ready.select():
            if key.data == socket.SOCK_DGRAM:
                q, peer = key.fileobj.recvfrom(512)
                print("udp", peer[0], flush=True)
                key.fileobj.sendto(answer(q), peer)
            else:
                c, peer = key.fileobj.accept()
                print("tcp", peer[0], flush=True)
                q = c.recv(514)
                a = answer(q[2:])
                c.sendall(struct.pack("!H", len(a)) + a)
                c.close()
    """

/// Asks a server for a name by hand: ADDRESS, udp or tcp.
private let question = """
    import socket, struct, sys
    address, kind = sys.argv[1:]
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    q = struct.pack("!HHHHHH", 7, 0x100, 1, 0, 0, 0) + b"\\x01a\\x07example\\x00\\x00\\x01\\x00\\x01"
    s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    s.settimeout(1)
    s.connect((address, 53))
    s.send(struct.pack("!H", len(q)) + q if kind == "tcp" else q)
    a = s.recv(514)
    print(socket.inet_ntoa(a[-4:]), s.getpeername()[0])
    """

extension TestLab {
    /// Starts both daemons on a pool of both families with these name servers, on a host that asks others.
    fileprivate func start(dns: String, asked: [String], answering: [String]) throws -> Running {
        try configure()
        let pool = """
              lab:
                ranges: [10.77.0.101-10.77.0.103, 'fd76:6970:6e73::a1-fd76:6970:6e73::a3']
                prefix: [10.77.0.0/24, 'fd76:6970:6e73::/64']
                gateway: [10.77.0.1, 'fd76:6970:6e73::1']
                hold: 100ms
                dns: \(dns)

            """
        try write(pools: [pool])
        let lines = asked.map { "nameserver \($0)\\n" }.joined()
        try succeed("sh", "-c", "printf '\(lines)search example\\noptions timeout:1\\n' > /run/vipns-lab/resolv.conf")
        // Where a distribution has a link there, what it leads to is what programs read.
        try succeed("sh", "-c", "mount --bind /run/vipns-lab/resolv.conf \"$(readlink -f /etc/resolv.conf)\"")
        try tell("start helper")
        try tell("start service")
        let running = try start(["nsenter", "--net=/run/netns/neighbour", "python3", "-c", server] + answering)
        #expect(try running.line() == "listening")
        return running
    }

    fileprivate func ask(_ id: String, _ address: String, _ kind: String) throws -> Outcome {
        try vipns("exec", id, "--", "python3", "-c", question, address, kind)
    }
}

extension EndToEnd.NameServerTests {
    @Test func `the pool's name servers answer for the host's, whoever is asked`() async throws {
        try await inLab(daemons: false) { lab in
            let asked = ["127.0.0.53", "192.0.2.53", "2001:db8:9::53"]
            let server = try lab.start(
                dns: "[198.51.100.1, '2001:db8::1']", asked: asked, answering: ["198.51.100.1", "2001:db8::1"])
            let session = try lab.enter()
            for (address, asker) in [
                ("127.0.0.53", "10.77.0.101"), ("192.0.2.53", "10.77.0.101"), ("2001:db8:9::53", "fd76:6970:6e73::a1"),
            ] {
                for kind in ["udp", "tcp"] {
                    let outcome = try lab.ask(session.id, address, kind)
                    #expect(outcome.output == "192.0.2.80 \(address)", "\(kind) \(outcome)")
                    #expect(try server.line() == "\(kind) \(asker)")
                }
            }
            // As programs do it.
            let found = try lab.vipns("exec", session.id, "--", "getent", "ahostsv4", "some.example")
            #expect(found.output.hasPrefix("192.0.2.80 "), "\(found)")
            // Others than the host's name servers are reached as they are, or not at all.
            #expect(try lab.ask(session.id, "198.51.100.1", "udp").output == "192.0.2.80 198.51.100.1")
            #expect(try lab.ask(session.id, "127.0.0.1", "udp").status == 1)
            #expect(try lab.ask(session.id, "192.0.2.54", "udp").status == 1)
            #expect(try lab.succeed("vipns", "pool", "lab").contains("198.51.100.1, 2001:db8::1"))
            // The host has none of it.
            #expect(try lab.succeed("nft", "list", "tables") == "")
        }
    }

    @Test func `a name server that is down is passed over`() async throws {
        try await inLab(daemons: false) { lab in
            _ = try lab.start(dns: "[10.77.0.9, 10.77.0.1]", asked: ["127.0.0.53"], answering: ["10.77.0.1"])
            for _ in 0..<2 {
                let found = try lab.vipns("enter", "--", "getent", "ahostsv4", "some.example")
                #expect(found.output.hasPrefix("192.0.2.80 "), "\(found)")
            }
        }
    }

    @Test func `neighbours cannot send to a session's loopback, nor hear it`() async throws {
        try await inLab(daemons: false) { lab in
            _ = try lab.start(dns: "10.77.0.1", asked: ["127.0.0.53"], answering: ["10.77.0.1"])
            let listening = """
                exec python3 -u -c '
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("0.0.0.0", 7000)); s.settimeout(8)
                print("listening")
                for _ in range(2): print(s.recvfrom(99)[0].decode())
                '
                """
            let session = try lab.enter(listening)
            #expect(try session.running.line() == "listening")
            // To the session's MAC address with its loopback as destination, then to its own address.
            let forged = """
                import socket, struct
                s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW); s.bind(("eth0", 0))
                def checksum(b):
                    t = sum(struct.unpack("!%dH" % (len(b) // 2), b))
                    while t >> 16: t = (t & 0xffff) + (t >> 16)
                    return 0xffff - t
                for target, text in (("127.0.0.1", b"loopback"), ("10.77.0.101", b"own"), ("10.77.0.101", b"last")):
                    udp = struct.pack("!HHHH", 7001, 7000, 8 + len(text), 0) + text
                    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                        socket.inet_aton("10.77.0.1"), socket.inet_aton(target))
                    head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
                    s.send(bytes.fromhex("02000a4d0065") + s.getsockname()[4] + b"\\x08\\x00" + head + udp)
                """
            #expect(try lab.onNeighbour("python3", "-c", forged).status == 0)
            #expect(try session.running.line() == "own")
            #expect(try session.running.line() == "last")
            let outward =
                "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', 0)); "
                + "s.sendto(b'x', ('10.77.0.1', 7002))"
            let refused = try lab.vipns("enter", "--", "python3", "-c", outward)
            #expect(refused.errors.contains("Operation not permitted"), "\(refused)")
        }
    }
}
