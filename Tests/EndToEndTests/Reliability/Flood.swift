/// What one user does to the socket, in Python.
enum Flood {
    /// Connects so many times a second, in `sockets` at a time, and lets each be; `kind` says what each does.
    ///
    /// Prints what came of it: `Flooded`.
    static let script = """
        import json, os, select, socket, sys, time
        kind, seconds = sys.argv[1], float(sys.argv[2])
        path, end, made, ended = "/run/vipns/io.vipns", time.monotonic() + seconds, 0, 0
        def connect():
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1)
            s.connect(path)
            return s
        def is_ended(s):
            try: return select.select([s], [], [], 0)[0] and not s.recv(1)
            except OSError: return True
        lives, start = [], time.monotonic()
        print("ready", flush=True)
        if kind == "connections":
            # A thousand a second, five hundred at once: none is waited for, all are closed at the end of their half second.
            while time.monotonic() < end:
                sockets = []
                for _ in range(500):
                    try:
                        sockets.append(connect())
                        made += 1
                    except OSError: pass
                ahead = start + made / 1000 - time.monotonic()
                if ahead > 0: time.sleep(ahead)
                for s in sockets:
                    ended += bool(is_ended(s))
                    s.close()
        elif kind == "calls":
            # As many calls as may wait on each of 48 connections, all the time.
            call = b'{"method": "io.vipns.History", "parameters": {"limit": 1000}}\\0' + b'{"method": "io.vipns.Pools"}\\0' * 3
            sockets = [connect() for _ in range(48)]
            for s in sockets: s.setblocking(False)
            poll = select.epoll()
            by_number = {s.fileno(): s for s in sockets}
            waiting = dict.fromkeys(by_number, 0)
            for number in by_number: poll.register(number, select.EPOLLIN)
            while time.monotonic() < end:
                for number, s in by_number.items():
                    if waiting[number] < 32:
                        s.send(call * 7)
                        waiting[number] += 28
                for number, _ in poll.poll(0.05):
                    octets = by_number[number].recv(1 << 20)
                    if not octets: sys.exit("the connection has ended")
                    made += octets.count(0)
                    waiting[number] -= octets.count(0)
        elif kind == "text":
            # Runs of combining marks, which take long to compare and to hash as text: as keys, methods, and what is looked for.
            def marks(count): return "\\u0301" * (count // 2) + "\\u0327" * (count // 2)
            frames = ['{"method":"io.vipns.Show","parameters":{"%s":0,"session":"a"}}' % marks(size) for size in (32000, 1900, 480)]
            frames += ['{"%s":0,"method":"io.vipns.Pools"}' % marks(1900), '{"method":"io.vipns.%s"}' % marks(480)]
            frames += ['{"method":"io.vipns.Show","parameters":{"session":"%s"}}' % marks(count) for count in (500, 1900)]
            frames += ['{"method":"io.vipns.History","parameters":{"user":"%s"}}' % marks(500)]
            sockets = [None] * 8
            while time.monotonic() < end:
                for index, frame in enumerate(frames * 4):
                    place = index % 8
                    try:
                        if sockets[place] is None: sockets[place] = connect()
                        sockets[place].sendall(frame.encode() + b"\\0")
                        made += 1
                        if not sockets[place].recv(1 << 16): raise OSError
                    except OSError:
                        ended += 1
                        if sockets[place]: sockets[place].close()
                        sockets[place] = None
        elif kind == "idle":
            # All that a user may have, from the begin to the end.
            sockets = [connect() for _ in range(64)]
            made = len(sockets)
            while time.monotonic() < end:
                if any(map(is_ended, sockets)): break
                time.sleep(0.1)
            # That nobody has ended one is not all: the service has each, and answers on it.
            for s in sockets:
                try:
                    s.settimeout(10)
                    s.sendall(b'{"method": "org.varlink.service.GetInfo"}\\0')
                    ended += not s.recv(1 << 16)
                except OSError: ended += 1
        elif kind == "slow":
            # 64 at a time that send an octet a second, all of one request; those that are ended are made again.
            slow = {}
            while time.monotonic() < end:
                now = time.monotonic()
                while len(slow) < 64:
                    slow[connect()] = [now, now]
                    made += 1
                for s, (since, next) in list(slow.items()):
                    try:
                        if next <= now:
                            slow[s][1] += 1
                            s.send(b"{")
                    except OSError: pass
                    if is_ended(s):
                        ended += 1
                        lives.append(now - since)
                        s.close()
                        del slow[s]
                time.sleep(0.05)
        else:
            # 64 at a time, each with descriptors that nobody asked for; those that are ended are made again.
            sockets = []
            while time.monotonic() < end:
                while len(sockets) < 64:
                    try:
                        sockets.append(connect())
                        made += 1
                    except OSError: break
                null = os.open("/dev/null", os.O_RDONLY)
                for s in sockets[:]:
                    # Linux 6.16 refuses to send them, and the service ends the connection that brings them.
                    try: is_over = socket.send_fds(s, [b"{"], [null] * 200) and is_ended(s)
                    except OSError: is_over = True
                    if is_over:
                        ended += 1
                        s.close()
                        sockets.remove(s)
                os.close(null)
                time.sleep(0.05)
        lives.sort()
        print(json.dumps({"made": made, "ended": ended, "seconds": time.monotonic() - start,
            "shortest": lives[0] if lives else 0, "longest": lives[-1] if lives else 0}), flush=True)
        """

    /// Asks so many times, over `seconds`, and prints how long that took in microseconds, sorted.
    static let asking = """
        import json, os, socket, sys, time
        kind, count, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
        def call(s, method, **parameters):
            s.sendall(json.dumps({"method": "io.vipns." + method, "parameters": parameters}).encode() + b"\\0")
            octets = b""
            while not octets.endswith(b"\\0"):
                part, descriptors, _, _ = socket.recv_fds(s, 1 << 16, 4)
                for descriptor in descriptors: os.close(descriptor)
                if not part: sys.exit("the connection has ended")
                octets += part
            reply = json.loads(octets[:-1])
            if "error" in reply: sys.exit(str(reply))
            return reply["parameters"]
        times, start = [], time.monotonic()
        for index in range(count):
            wait = start + index * seconds / count - time.monotonic()
            if wait > 0: time.sleep(wait)
            began = time.monotonic()
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect("/run/vipns/io.vipns")
                if kind == "open": reply = call(s, "Open", mode="reserve")
                elif kind == "login": reply = call(s, "Login", user="alice", service="sshd")
                else: reply = call(s, "List")
                times.append(int((time.monotonic() - began) * 1e6))
                if kind != "list": call(s, "Close", session=reply["session"]["id"])
        print(" ".join(str(time) for time in sorted(times)))
        """
}

/// What one kind of flood did.
struct Flooded: Decodable {
    /// Connections that the kernel took, or calls that were answered.
    let made: Int
    /// How many connections the service ended, or did not let do what they were for.
    let ended: Int
    /// How long it went on.
    let seconds: Double
    /// How long those lived that were too slow.
    let shortest: Double
    let longest: Double
}
