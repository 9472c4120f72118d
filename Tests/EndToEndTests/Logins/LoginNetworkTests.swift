import Testing

extension EndToEnd.Logins {
    @Suite struct Network {}
}

extension EndToEnd.Logins.Network {
    /// Tells every client where it comes from.
    private static let mirror = """
        import socket
        listener = socket.create_server(("10.77.0.1", 7000))
        print("serving", flush=True)
        while True:
            connection, (address, _) = listener.accept()
            connection.sendall(f"you are {address}\\n".encode())
            connection.close()
        """

    /// By its path: what `vipns exec` runs has the PATH of the session's user.
    private static let lab = "/run/vipns-lab/bin/vipns-lab"

    private static func startMirror(_ lab: TestLab) throws {
        let mirror = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", Self.mirror)
        #expect(try mirror.line() == "serving")
    }

    @Test func `the LAN sees each login at its own address`() async throws {
        try await inLoginLab { lab in
            try Self.startMirror(lab)
            for user in ["alice", "bob", "alice"] {
                let outcome = try lab.ssh(user, "vipns-lab ask 10.77.0.1 7000; \(Place.program)")
                let address = try Place(in: outcome.output).address ?? "none"
                #expect(outcome.output.hasPrefix("you are \(address)\n"), "\(outcome)")
            }
        }
    }

    @Test func `two users have the same ports of 127 0 0 1 at once`() async throws {
        try await inLoginLab { lab in
            let logins = try ["alice", "bob"].map { try lab.stay($0, "exec vipns-lab answer") }
            for login in logins {
                let address = login.place.address ?? "none"
                #expect(try login.running.line().hasSuffix("127.0.0.1:8125 in session \(login.id) at \(address)"))
                let local = try lab.vipns("exec", login.id, "--", Self.lab, "ask", "127.0.0.1", "8125")
                #expect(local.output == "this is the loopback of session \(login.id) at \(address)")
                let remote = try lab.onNeighbour("vipns-lab", "ask", address, "5060")
                #expect(remote.output == "this is session \(login.id) at \(address)")
            }
        }
    }

    @Test func `forwards to a session connect from inside it`() async throws {
        try await inLoginLab { lab in
            try Self.startMirror(lab)
            let login = try lab.stay(
                "alice", "exec vipns-lab answer", options: ["-L", "9001:127.0.0.1:8125", "-D", "9002"])
            let address = login.place.address ?? "none"
            _ = try login.running.line()
            #expect(
                try lab.run("vipns-lab", "ask", "127.0.0.1", "9001").output
                    == "this is the loopback of session \(login.id) at \(address)")
            // SOCKS 4: connect to 10.77.0.1:7000.
            let socks = """
                import socket
                s = socket.create_connection(("127.0.0.1", 9002))
                s.sendall(bytes([4, 1, 7000 >> 8, 7000 & 255, 10, 77, 0, 1, 0]))
                file = s.makefile("rb")
                assert file.read(8)[1] == 90
                print(file.readline().decode().strip())
                """
            #expect(try lab.succeed("python3", "-c", socks) == "you are \(address)")
        }
    }

    @Test func `a remote forward listens inside the session alone`() async throws {
        try await inLoginLab { lab in
            let server = try lab.start("vipns-lab", "answer")
            _ = try server.line()
            let login = try lab.stay("alice", options: ["-R", "9003:127.0.0.1:8125"])
            let inside = try lab.vipns("exec", login.id, "--", Self.lab, "ask", "127.0.0.1", "9003")
            #expect(inside.output == "this is the loopback of no session")
            #expect(try lab.run("vipns-lab", "ask", "127.0.0.1", "9003").status == 1)
        }
    }
}
