import Foundation

/// Many leaders at once, in Python: one process that makes them, tells them apart and hears of their ends.
enum Crowd {
    /// Defines `Service`, `enter`, `grow`, `now` and what belongs to them.
    static let prelude = """
        import ctypes, gc, json, os, select, signal, socket, struct, sys, time
        libc = ctypes.CDLL(None, use_errno=True)

        def now():
            "Seconds since boot, as the service counts them."
            return time.clock_gettime(time.CLOCK_BOOTTIME)

        class Service:
            "One connection to the session service."
            def __init__(self, patience=20):
                deadline = now() + patience
                while True:
                    self.socket = socket.socket(socket.AF_UNIX)
                    try:
                        return self.socket.connect("/run/vipns/io.vipns")
                    except OSError:
                        self.socket.close()
                        if now() > deadline: raise
                        time.sleep(.005)
            def send(self, method, more=False, **parameters):
                request = {"method": "io.vipns." + method, "parameters": parameters, "more": more}
                self.socket.sendall(json.dumps(request).encode() + b"\\0")
            def receive(self):
                octets, descriptors = b"", []
                while not octets.endswith(b"\\0"):
                    part, new, _, _ = socket.recv_fds(self.socket, 1 << 20, 4)
                    if not part: raise ConnectionResetError("the service has ended the connection")
                    octets += part
                    descriptors += new
                return json.loads(octets[:-1]), descriptors
            def ask_with_descriptors(self, method, **parameters):
                self.send(method, **parameters)
                return self.receive()
            def ask(self, method, **parameters):
                reply, descriptors = self.ask_with_descriptors(method, **parameters)
                for descriptor in descriptors: os.close(descriptor)
                return reply
            def watch(self):
                "Gives what happens, one event after the other; the first one is None: it watches."
                self.send("Watch", more=True)
                rest = b""
                while part := self.socket.recv(1 << 16):
                    *texts, rest = (rest + part).split(b"\\0")
                    for text in texts: yield json.loads(text)["parameters"].get("event")
            def close(self):
                self.socket.close()

        def move(namespace):
            "Moves the caller, which has one thread, into a network namespace."
            if libc.setns(namespace, 0x40000000) != 0: raise OSError(ctypes.get_errno(), "setns")
            os.close(namespace)

        def enter(**parameters):
            "Makes the caller the leader of a new session and gives that, or the error."
            service = Service()
            asked = now()
            reply, descriptors = service.ask_with_descriptors("Open", mode="enter", **parameters)
            granted = now()
            if "error" in reply or not descriptors: return reply
            move(descriptors[0])
            session = reply["parameters"]["session"]
            entered = service.ask("Entered", session=session["id"])
            service.close()
            if "error" in entered: return entered
            session["asked"], session["granted"], session["pid"] = asked, granted, os.getpid()
            return session

        def rest(session):
            "Leads a session at the least cost, until it is killed."
            os.execv("/bin/sleep", ["sleep", "infinity"])

        class Crowd:
            "Leaders that this process has made; `sessions` by their pid."
            def __init__(self):
                self.sessions, self.refused = {}, []
                self.reading, self.writing = os.pipe()
            def grow(self, count, life=rest, at_once=8, **parameters):
                "Makes so many more leaders, which then do what `life` says; waits until all are in."
                gc.freeze()
                under_way, rest = 0, b""
                wanted = len(self.sessions) + len(self.refused) + count
                while len(self.sessions) + len(self.refused) < wanted:
                    while count and under_way < at_once:
                        count, under_way = count - 1, under_way + 1
                        if os.fork() == 0: self.lead(life, parameters)
                    *lines, rest = (rest + os.read(self.reading, 1 << 16)).split(b"\\n")
                    for line in lines:
                        session, under_way = json.loads(line), under_way - 1
                        if "pid" in session: self.sessions[session["pid"]] = session
                        else: self.refused.append(session)
                return list(self.sessions.values())
            def lead(self, life, parameters):
                libc.prctl(1, signal.SIGKILL)
                try:
                    session = enter(**parameters)
                    os.write(self.writing, json.dumps(session).encode() + b"\\n")
                    if "pid" in session: life(session)
                except BaseException as error:
                    os.write(self.writing, json.dumps({"failed": repr(error)}).encode() + b"\\n")
                os._exit(0)
            def kill(self, pids=None):
                "Kills leaders at once and gives when, by pid."
                times = {}
                for pid in list(self.sessions) if pids is None else pids:
                    os.kill(pid, signal.SIGKILL)
                    times[pid] = now()
                for pid in times:
                    os.waitpid(pid, 0)
                    del self.sessions[pid]
                return times


        """
}

extension TestLab {
    /// Starts a Python script that has a crowd's words.
    func startCrowd(_ script: String) throws -> Running {
        try start("/usr/bin/python3", "-u", "-c", Crowd.prelude + script)
    }

    /// Runs one to its end.
    func crowd(_ script: String, within limit: Duration = .seconds(60)) throws -> Outcome {
        try run(["/usr/bin/python3", "-u", "-c", Crowd.prelude + script], within: limit)
    }

    /// Starts a Python script on the neighbour; it has said its first line.
    func startOnNeighbour(_ script: String) throws -> Running {
        let running = try start(
            "nsenter", "--net=/run/netns/neighbour", "/usr/bin/python3", "-u", "-c", Crowd.prelude + script)
        let line = try running.line()
        guard line == "ready" else { throw TestFailure("the neighbour says '\(line)'") }
        return running
    }
}

extension Running {
    /// The next line of its output as JSON.
    func value<Value: Decodable>(_ type: Value.Type = Value.self, within limit: Duration = .seconds(30)) throws -> Value
    {
        let line = try line(within: limit)
        do {
            return try JSONDecoder().decode(type, from: Data(line.utf8))
        } catch {
            throw TestFailure("'\(line.prefix(300))' is no \(type): \(error)")
        }
    }
}
