import HelperChannel
import Testing

extension EndToEnd {
    @Suite struct TeardownTests {}
}

extension EndToEnd.TeardownTests {
    /// Asks for ends of sessions when it is told to, in the service's place; then tells in what order they were answered.
    private static let ends =
        HelperClient.script + """
            def session(letter): return attribute(2, letter * 8 + b"\\0")
            def number(last): return attribute(3, struct.pack("=I", 0x100500 + last))
            for letter, last in [(b"a", 1), (b"b", 2)]: ask(36, session(letter), number(last))
            print("made", flush=True)
            input()
            members, of_b, list = (39,), (40, number(2)), (44,)
            requests = [(41, session(b"a"), number(1)), members, (41, session(b"b"), number(2)), of_b, list, members]
            for sequence, (kind, *attributes) in enumerate(requests, 1):
                body = b"".join(attributes)
                s.send(struct.pack("=IHHII", len(body) + 16, kind, 0, sequence, 0) + body)
            print("asked", flush=True)
            ended = []
            while len(ended) < len(requests):
                octets = s.recv(65536)
                sequence = struct.unpack_from("=I", octets, 8)[0]
                # 0 is an event; a list ends with DONE.
                if sequence and kind_of(octets) not in (39, 44): ended.append(sequence)
            print(*ended)
            """

    @Test func `ends that wait are served by their urgency, and what comes after them is`() async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            let asker = try lab.start("/usr/bin/python3", "-c", Self.ends)
            #expect(try asker.line() == "made")
            try lab.tell("stop helper")
            try asker.say("now")
            #expect(try asker.line() == "asked")
            try lab.tell("cont helper")
            // Who is left, who is killed, then both dismantled; not before what was asked for after something else.
            #expect(try asker.line() == "2 4 1 3 5 6")
            #expect(try asker.end().status == 0)
            try lab.tell("start service")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    /// Connects in the service's place, and says hello only after a numbered namespace has ended; then what was answered.
    private static let late = """
        import os, socket, struct, subprocess, time
        subprocess.run("ip netns add passing; ip netns set passing 1048900", shell=True, check=True)
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.connect("/run/vipns/helper")
        time.sleep(.2)
        subprocess.run("ip netns del passing", shell=True, check=True)
        time.sleep(.3)
        s.send(struct.pack("=IHHII", 24, 34, 0, 9, 0) + struct.pack("=HHI", 8, 1, \(HelperProtocol.version)))
        print(struct.unpack_from("=IHHI", s.recv(65536))[1::2])
        """

    @Test func `the helper's first word is its greeting, whatever has ended before`() async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            #expect(try lab.run("/usr/bin/python3", "-c", Self.late).output == "(34, 9)")
            try lab.tell("start service")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }

    /// A server on the neighbour that takes one connection and never reads.
    private static let deaf = """
        import socket, time
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listener.bind(("10.77.0.1", 7000))
        listener.listen()
        print("listening", flush=True)
        connection, _ = listener.accept()
        try:
            time.sleep(600)
        finally:
            pass
        """

    @Test func `an orphaned TCP socket does not keep the address`() async throws {
        try await inLab { lab in
            let neighbour = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", Self.deaf)
            #expect(try neighbour.line() == "listening")
            // Sends more than the peer takes, and ends: the kernel keeps the rest, in FIN-WAIT, with no process.
            let session = try lab.enter(
                """
                exec python3 -c '
                import socket
                s = socket.create_connection(("10.77.0.1", 7000))
                s.setblocking(False)
                try:
                    while True: s.send(b"x" * 65536)
                except BlockingIOError: print("full", flush=True)
                input()
                '
                """)
            #expect(try session.running.line() == "full")
            try session.running.say("go")
            #expect(try session.running.end().status == 0)
            try lab.expect(session.id, becomes: nil, within: .seconds(2))
            #expect(try lab.history(of: session.id).reason == "last leader ended")
            // Its peer was told.
            let states = try lab.onNeighbour("ss", "-Htn", "state", "established").output
            #expect(states.isEmpty, "\(states)")
        }
    }

    @Test func `a foreign holder of the namespace loses the link and is named in the log`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.101", "--exhaustion", "deny") { lab in
            let session = try lab.enter()
            let holder = try lab.start(
                "python3", "-uc",
                "import sys; f = open('/run/vipns/netns/\(session.id)'); print('held'); sys.stdin.readline()")
            #expect(try holder.line() == "held")
            try lab.succeed("kill", "-9", "\(session.pid)")
            try lab.expect(session.id, becomes: nil, within: .seconds(4))
            #expect(try lab.obey("logs").contains("somebody holds the session's namespace"))
            let next = try lab.enter()
            #expect(next.address == "10.77.0.101")
            // A service that starts anew leaves the holder's empty namespace alone.
            try lab.tell("kill service")
            try lab.tell("start service")
            #expect(try lab.session(next.id)?.state == "active")
            try holder.say("go")
            #expect(try holder.end().status == 0)
        }
    }

    @Test func `a Unix connection from inside to the service does not keep the session`() async throws {
        try await inLab { lab in
            let session = try lab.enter(
                """
                exec python3 -uc '
                import os, socket, sys
                s = socket.socket(socket.AF_UNIX)
                s.connect("/run/vipns/io.vipns")
                s.send(b"{\\"method\\":\\"io.vipns.Watch\\",\\"more\\":true}\\0")
                s.recv(1000)
                print("watching")
                input()
                '
                """)
            #expect(try session.running.line() == "watching")
            try lab.succeed("kill", "-9", "\(session.pid)")
            try lab.expect(session.id, becomes: nil, within: .seconds(2))
            #expect(try !lab.obey("logs").contains("somebody holds"))
        }
    }

    @Test func `a namespace that is taken away from outside ends the session`() async throws {
        try await inLab { lab in
            let id = try #require(try lab.reserve().first)
            try lab.succeed("umount", "/run/vipns/netns/\(id)")
            try lab.expect(id, becomes: nil)
            #expect(try lab.history(of: id).reason == "namespace destroyed from outside")
            #expect(try lab.succeed("ls", "/run/vipns/netns", "/run/netns").contains(id) == false)
        }
    }

    @Test func `the neighbours' side of a closed session is reset`() async throws {
        try await inLab { lab in
            let session = try lab.enter(
                """
                exec python3 -uc '
                import socket
                listener = socket.create_server(("0.0.0.0", 7000))
                print("listening")
                connection, _ = listener.accept()
                input()
                '
                """)
            #expect(try session.running.line() == "listening")
            let script = """
                import socket
                s = socket.create_connection(("10.77.0.101", 7000), 5)
                print("connected", flush=True)
                try:
                    print(s.recv(10))
                except ConnectionResetError:
                    print("reset")
                """
            let peer = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-c", script)
            #expect(try peer.line() == "connected")
            let child = try lab.start("vipns", "exec", session.id, "--", "sleep", "600")
            _ = child
            try lab.succeed("vipns", "close", session.id, "--kill")
            // A process that is killed closes its sockets by FIN; what matters is that the peer is told.
            #expect(["reset", "b''"].contains(try peer.line(within: .seconds(3))))
        }
    }
}
