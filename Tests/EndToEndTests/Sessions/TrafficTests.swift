import Testing

extension EndToEnd {
    @Suite struct TrafficTests {}
}

/// A program that binds the same two places in every session, and answers with its own name on both.
private let fixedPorts = """
    exec python3 -u -c '
    import os, selectors, socket
    me = os.environ["VIPNS_ADDRESS"]
    ready = selectors.DefaultSelector()
    for place in (("0.0.0.0", 5060), ("127.0.0.1", 8125)):
        listener = socket.create_server(place)
        ready.register(listener, selectors.EVENT_READ)
    print("listening")
    while True:
        for key, _ in ready.select():
            connection, peer = key.fileobj.accept()
            connection.sendall(f"{me} {peer[0]}".encode())
            connection.close()
    '
    """

/// Reads what a listener says.
private let ask = """
    import socket, sys
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as connection:
        print(connection.recv(100).decode())
    """

extension EndToEnd.TrafficTests {
    @Test func `two sessions bind the same ports and a neighbour reaches each at its address`() async throws {
        try await inLab { lab in
            let first = try lab.enter(fixedPorts)
            let second = try lab.enter(fixedPorts)
            for session in [first, second] { #expect(try session.running.line() == "listening") }
            for session in [first, second] {
                let address = try #require(session.address)
                #expect(try lab.onNeighbour("python3", "-c", ask, address, "5060").output == "\(address) 10.77.0.1")
                let inside = try lab.vipns("exec", session.id, "--", "python3", "-c", ask, "127.0.0.1", "8125")
                #expect(inside.output == "\(address) 127.0.0.1")
            }
            // The loopback belongs to the session alone.
            #expect(try lab.run("python3", "-c", ask, "127.0.0.1", "8125").status != 0)
            #expect(try lab.onNeighbour("python3", "-c", ask, "10.77.0.101", "8125").status != 0)
            // Siblings reach each other in the mode 'bridge'.
            let sibling = try lab.vipns(
                "exec", first.id, "--", "python3", "-c", ask, try #require(second.address), "5060")
            #expect(sibling.output == "\(second.address ?? "") \(first.address ?? "")")
        }
    }

    @Test func `what lies behind the gateway is reached, from the session's address`() async throws {
        try await inLab { lab in
            let server = """
                import socket
                listener = socket.create_server(("198.51.100.1", 7000))
                print("listening", flush=True)
                connection, peer = listener.accept()
                connection.sendall(peer[0].encode())
                """
            let far = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", server)
            #expect(try far.line() == "listening")
            #expect(try lab.vipns("enter", "--", "python3", "-c", ask, "198.51.100.1", "7000").output == "10.77.0.101")
        }
    }

    @Test func `the LAN is told by a gratuitous ARP, the gateway by a request`() async throws {
        try await inLab { lab in
            let listener = """
                import socket
                packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x806))
                packets.bind(("eth0", 0))
                packets.settimeout(5)
                print("listening", flush=True)
                seen = 0
                while seen < 2:
                    frame = packets.recv(100)
                    dotted = lambda octets: ".".join(map(str, octets))
                    if frame[22:28].hex() == "02000a4d0065":
                        kind = {1: "request", 2: "reply"}[frame[21]]
                        print(frame[0:6].hex(), kind, dotted(frame[28:32]), dotted(frame[38:42]), flush=True)
                        seen += 1
                """
            let neighbour = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", listener)
            #expect(try neighbour.line() == "listening")
            #expect(try lab.vipns("enter", "--", "sleep", "0.2").status == 0)
            let announcement = try neighbour.line()
            #expect(announcement.hasPrefix("ffffffffffff "))
            #expect(announcement.hasSuffix(" 10.77.0.101 10.77.0.101"))
            #expect(try neighbour.line() == "ffffffffffff request 10.77.0.101 10.77.0.1")
        }
    }

    @Test func `a user in a session cannot leave it, spoof or listen to the LAN`() async throws {
        try await inLab { lab in
            let script = """
                import os, socket
                def attempt(name, deed):
                    try:
                        deed()
                        print(name, "worked")
                    except OSError as error:
                        print(name, error.strerror)
                def spoof():
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.bind(("10.77.0.102", 0))
                attempt("packet", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))
                attempt("raw", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))
                attempt("bind", spoof)
                attempt("pins", lambda: os.listdir("/run/vipns/netns"))
                attempt("host", lambda: open("/proc/1/ns/net"))
                """
            let outcome = try lab.vipns("enter", "--user", "alice", "--", "python3", "-c", script)
            #expect(
                outcome.output == """
                    packet Operation not permitted
                    raw Operation not permitted
                    bind Cannot assign requested address
                    pins Permission denied
                    host Permission denied
                    """)
        }
    }
}
