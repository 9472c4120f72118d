import Testing

extension EndToEnd {
    @Suite struct SocketTests {}
}

extension EndToEnd.SocketTests {
    /// Listens by TCP on all addresses and on the loopback by UDP, has one connection, and waits.
    private static let server = """
        exec python3 -uc '
        import os, socket, time
        tcp = socket.create_server(("0.0.0.0", 5060))
        six = socket.create_server(("::1", 5061), family=socket.AF_INET6)
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 8125))
        near = socket.create_connection(("127.0.0.1", 5060))
        far, _ = tcp.accept()
        print(os.getpid(), flush=True)
        time.sleep(600)
        '
        """

    @Test func `the sockets of a session are those of its own network, with their processes`() async throws {
        try await inLab { lab in
            // The host's and another session's, which must not show.
            let host = try lab.start(
                "python3", "-uc", "import socket, time; s = socket.create_server(('', 7777)); print(1); time.sleep(600)"
            )
            _ = try host.line()
            _ = try lab.enter(
                "exec python3 -uc 'import socket, time; s = socket.create_server((\"\", 6666)); time.sleep(600)'")
            let session = try lab.enter("\(Self.server)", options: ["--user", "alice"])
            let expected = [
                "tcp listen 0.0.0.0:5060 alice python3 (\(session.pid))",
                "tcp listen [::1]:5061 alice python3 (\(session.pid))",
                "udp bound 127.0.0.1:8125 alice python3 (\(session.pid))",
            ]
            #expect(try eventually { try rows(lab.succeed("vipns", "sockets", session.id)).count == 3 })
            #expect(try rows(lab.succeed("vipns", "sockets", session.id)) == expected)
            #expect(try rows(lab.vipns(as: "alice", "sockets", session.id).output) == expected)
            let all = try lab.succeed("vipns", "sockets", session.id, "--all")
            #expect(all.contains("established"), "\(all)")
            #expect(!all.contains("7777") && !all.contains("6666"), "\(all)")
            #expect(try lab.succeed("vipns", "sockets", session.id, "--json").contains("\"port\" : 8125"))
            #expect(try lab.succeed("vipns", "show", session.id).contains("tcp 0.0.0.0:5060 python3 (\(session.pid))"))
            // From inside it is the same.
            #expect(
                try rows(
                    lab.succeed("vipns", "exec", session.id, "--user", "root", "--", "vipns", "sockets", session.id))
                    == expected)
            let outcome = try lab.vipns(as: "bob", "sockets", session.id)
            #expect(outcome.status == 1 && outcome.errors == "vipns: there is no session '\(session.id)'", "\(outcome)")
        }
    }

    private func rows(_ output: String) -> [String] {
        output.split(separator: "\n").dropFirst().map { $0.split(separator: " ").joined(separator: " ") }
    }

    @Test func `a session without processes or sockets says so`() async throws {
        try await inLab { lab in
            let reserved = try lab.reserve(1)[0]
            #expect(try lab.succeed("vipns", "sockets", reserved) == "session '\(reserved)' has no processes")
            #expect(try lab.succeed("vipns", "sockets", reserved, "--json").filter { !$0.isWhitespace } == "[]")
            let quiet = try lab.enter()
            #expect(try lab.succeed("vipns", "sockets", quiet.id) == "nothing listens in session '\(quiet.id)'")
        }
    }
}
