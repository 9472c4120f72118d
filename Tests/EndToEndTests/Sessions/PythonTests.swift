import Testing

extension EndToEnd {
    /// Other people's Varlink clients with the built programs.
    @Suite(.enabled(if: Python.isAvailable, "needs the Python modules varlink and asyncvarlink"))
    struct PythonTests {}
}

extension EndToEnd.PythonTests {
    @Test func `the reference client introspects, lists, shows, closes and gets errors`() async throws {
        try await inLab { lab in
            let session = try lab.enter(options: ["--user", "alice"])
            let script = """
                import sys, varlink
                with varlink.Client.new_with_address("unix:/run/vipns/io.vipns") as client:
                    with client.open("org.varlink.service") as service:
                        info = service.GetInfo()
                        print(info["vendor"], info["product"], info["interfaces"])
                        text = service.GetInterfaceDescription(interface="io.vipns")["description"]
                        print(" ".join(name for name in ("Open", "Close", "Watch") if name in varlink.Interface(text).members))
                    with client.open("io.vipns") as vipns:
                        print([s["address"] for s in vipns.List()["sessions"]])
                        print([s["user"] for reply in vipns.List(_more=True) for s in reply["sessions"]])
                        print(vipns.Show(session=sys.argv[1])["members"] == [int(sys.argv[2])])
                        try:
                            vipns.Show(session="77777777")
                        except varlink.VarlinkError as error:
                            print(error.error(), error.parameters())
                        print(vipns.Close(session=sys.argv[1], leftovers="kill")["session"]["state"])
                        print(vipns.Pools()["pools"][0]["name"])
                """
            let outcome = try lab.run(Python.path, "-c", script, session.id, "\(session.pid)")
            #expect(
                outcome.output == """
                    vipns vipnsd ['org.varlink.service', 'io.vipns']
                    Open Close Watch
                    ['10.77.0.101']
                    ['alice']
                    True
                    io.vipns.SessionNotFound {'session': '77777777'}
                    held
                    lab
                    """, "\(outcome.errors)")
            #expect(outcome.status == 0)
        }
    }

    @Test func `the reference client watches`() async throws {
        try await inLab { lab in
            let script = """
                import varlink
                with varlink.Client.new_with_address("unix:/run/vipns/io.vipns") as client:
                    with client.open("io.vipns") as vipns:
                        for reply in vipns.Watch(_more=True):
                            event = reply.get("event")
                            print(event["kind"] if event else "watching", flush=True)
                """
            let watcher = try lab.start(Python.path, "-c", script)
            #expect(try watcher.line() == "watching")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            for kind in ["opened", "entered", "closing", "closed", "freed"] { #expect(try watcher.line() == kind) }
        }
    }

    @Test func `the asynchronous client opens and receives the session's namespace`() async throws {
        try await inLab { lab in
            let script = """
                import asyncio, os, socket, typing
                import asyncvarlink

                class Opened(typing.TypedDict):
                    outcome: str
                    session: typing.Any
                    namespace: asyncvarlink.FileDescriptor

                class Vipns(asyncvarlink.VarlinkInterface, name="io.vipns"):
                    @asyncvarlink.varlinkmethod(allow_foreign=True)
                    def Open(self, *, mode: str) -> Opened: ...
                    @asyncvarlink.varlinkmethod()
                    def Entered(self, *, session: str) -> None: ...

                def address():
                    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                    s.connect(("10.77.0.1", 9))
                    return s.getsockname()[0]

                async def main():
                    transport, protocol = await asyncvarlink.connect_unix_varlink(
                        asyncvarlink.VarlinkClientProtocol, "/run/vipns/io.vipns")
                    vipns = protocol.make_proxy(Vipns)
                    with await vipns.Open(mode="reserve") as reply:
                        id = reply["session"]["id"]
                        own = os.stat(reply["namespace"].fileno())
                        pin = os.stat("/run/vipns/netns/" + id)
                        print(reply["outcome"], (own.st_dev, own.st_ino) == (pin.st_dev, pin.st_ino))
                    with await vipns.Open(mode="enter") as reply:
                        import ctypes
                        # setns(2), CLONE_NEWNET
                        assert ctypes.CDLL(None).setns(reply["namespace"].fileno(), 0x40000000) == 0
                        await vipns.Entered(session=reply["session"]["id"])
                        print(reply["session"]["address"] == address(), reply["session"]["id"], flush=True)
                    input()

                asyncio.run(main())
                """
            let running = try lab.start(Python.path, "-c", script)
            #expect(try running.line() == "granted True")
            let words = try running.line().split(separator: " ").map(String.init)
            #expect(words.first == "True")
            let id = try #require(words.last)
            #expect(try lab.session(id)?.leaders.count == 1)
            #expect(try lab.session(id)?.mode == "enter")
            try running.say("go")
            #expect(try running.end().status == 0)
            try lab.expect(id, becomes: nil)
            #expect(try lab.sessions().map(\.mode) == ["reserve"])
        }
    }

    @Test func `what users send that is no request harms nobody`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let script = """
                import socket
                for octets in (b"\\0", b"{\\0", b"[]\\0", b"x" * 200000, b'{"method":"io.vipns.List","parameters":[]}\\0',
                               b'{"method":"io.vipns.Nothing"}\\0', b'{"method":"io.vipns.Close","parameters":{"session":"../../etc"}}\\0'):
                    s = socket.socket(socket.AF_UNIX)
                    s.settimeout(5)
                    s.connect("/run/vipns/io.vipns")
                    try:
                        s.sendall(octets)
                        print(s.recv(1000)[:30])
                    except OSError as error:
                        print(error.strerror)
                """
            let outcome = try lab.run([
                "setpriv", "--reuid", "alice", "--regid", "alice", "--init-groups", "/usr/bin/python3", "-c", script,
            ])
            #expect(outcome.status == 0, "\(outcome)")
            #expect(outcome.output.split(separator: "\n").count == 7)
            #expect(try lab.session(session.id)?.state == "active")
        }
    }
}
