import Testing

import struct KernelSupport.Dice

extension EndToEnd {
    @Suite struct DaemonKillTests {}
}

/// The other end of all talks: takes numbers, sends numbers, and tells at each talk's end how many.
private let talkingNeighbour = """
    listener = socket.create_server(("10.77.0.1", 7000), backlog=1024)
    poller = select.epoll()
    poller.register(listener, select.EPOLLIN)
    talks, ended, due = {}, [], now()
    print("ready")
    class Talk:
        def __init__(self, connection, peer):
            self.connection, self.address = connection, peer[0]
            self.sent = self.received = 0
            self.rest, self.last, self.gap = b"", now(), 0
        def say(self):
            self.sent += 1
            self.connection.sendall(struct.pack("!Q", self.sent))
        def hear(self):
            part = self.connection.recv(1 << 16)
            self.gap, self.last = max(self.gap, now() - self.last), now()
            octets = self.rest + part
            for (number,) in struct.iter_unpack("!Q", octets[:len(octets) // 8 * 8]):
                if number != self.received + 1: raise ValueError(f"{number} after {self.received}")
                self.received = number
            self.rest = octets[len(octets) // 8 * 8:]
            return len(part) > 0
    def end(talk, why):
        poller.unregister(talk.connection)
        del talks[talk.connection.fileno()]
        talk.connection.close()
        ended.append({"address": talk.address, "sent": talk.sent, "received": talk.received, "end": why, "gap": talk.gap})
        if not talks: print(json.dumps(ended))
    while True:
        for descriptor, _ in poller.poll(max(0, due - now())):
            if descriptor == listener.fileno():
                connection, peer = listener.accept()
                connection.setblocking(True)
                talks[connection.fileno()] = Talk(connection, peer)
                poller.register(connection, select.EPOLLIN)
                continue
            talk = talks[descriptor]
            try:
                if not talk.hear(): end(talk, "done")
            except Exception as error:
                end(talk, repr(error))
        if now() >= due:
            due = now() + .1
            for talk in list(talks.values()):
                try:
                    talk.say()
                except Exception as error:
                    end(talk, repr(error))
    """

/// Leaders that talk with the neighbour until they are told to stop, and then say how that went.
private let talkingCrowd = """
    import fcntl
    def address_of_link():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            return socket.inet_ntoa(fcntl.ioctl(s, 0x8915, struct.pack("256s", b"eth0"))[20:24])
    stopping = False
    def stop(*_):
        global stopping
        stopping = True
    def talk(session):
        signal.signal(signal.SIGTERM, stop)
        sent = received = 0
        rest, end, peer = b"", "done", socket.create_connection(("10.77.0.1", 7000))
        due, is_open = now(), True
        try:
            while True:
                if is_open and stopping:
                    is_open = False
                    peer.shutdown(socket.SHUT_WR)
                if is_open and now() >= due:
                    due, sent = now() + .1, sent + 1
                    peer.sendall(struct.pack("!Q", sent))
                if not select.select([peer], [], [], max(0, due - now()) if is_open else 10)[0]: continue
                part = peer.recv(1 << 16)
                if not part: break
                octets = rest + part
                for (number,) in struct.iter_unpack("!Q", octets[:len(octets) // 8 * 8]):
                    if number != received + 1: raise ValueError(f"{number} after {received}")
                    received = number
                rest = octets[len(octets) // 8 * 8:]
            if is_open: end = "ended by the neighbour"
        except Exception as error:
            end = repr(error)
        report = {"address": peer.getsockname()[0], "sent": sent, "received": received, "end": end,
            "link": address_of_link(), "granted": session["address"], "id": session["id"]}
        os.write(crowd.writing, json.dumps(report).encode() + b"\\n")
        signal.pause()
    crowd = Crowd()
    sessions = crowd.grow(int(sys.stdin.readline()), talk)
    print(len(sessions), len(crowd.refused), *crowd.refused[:1])
    sys.stdin.readline()
    for pid in crowd.sessions: os.kill(pid, signal.SIGTERM)
    reports, rest = [], b""
    while len(reports) < len(sessions):
        *lines, rest = (rest + os.read(crowd.reading, 1 << 16)).split(b"\\n")
        reports += [json.loads(line) for line in lines]
    print(json.dumps(reports))
    sys.stdin.readline()
    """

/// How one end of a talk saw it.
private struct Talk: Decodable {
    let address: String
    let sent: Int
    let received: Int
    let end: String
    var gap: Double?
    var link: String?
    var granted: String?
    var id: String?
}

extension EndToEnd.DaemonKillTests {
    @Test func `daemons that are killed again and again cost no connection, no address and no data`() async throws {
        let count = Dose.of(20, full: 200)
        let kills = Dose.of(5, full: 100)
        try await inLab("--prefix-length", "16", "--range", "10.77.2.1-10.77.3.250") { lab in
            let neighbour = try lab.startOnNeighbour(talkingNeighbour)
            let crowd = try lab.startCrowd(talkingCrowd)
            try crowd.say("\(count)")
            #expect(try crowd.line(within: .seconds(60)) == "\(count) 0")
            let before = try lab.sessions()
            try #require(before.count == count)
            let addresses = Set(before.compactMap(\.address))
            #expect(addresses.count == count)
            var dice = Dice(seed: Dose.seed)
            for number in 0..<kills {
                let killed = Killed.allCases[number % 3]
                try lab.kill(killed)
                // Long enough that data comes while nobody is there.
                try lab.succeed("sleep", "\(Double.random(in: 0...0.3, using: &dice))")
                try lab.restart(killed)
                // Addresses are granted as before: others than those in use.
                let next = try lab.vipns("enter", "--", "sh", "-c", "echo $VIPNS_ADDRESS")
                #expect(next.status == 0 && !addresses.contains(next.output), "\(next)")
            }
            #expect(try eventually { try lab.sessions().count == count })
            for (old, new) in zip(before, try lab.sessions()) {
                #expect(
                    old.id == new.id && old.address == new.address && old.cookie == new.cookie && old.mac == new.mac)
                #expect(new.state == "active" && old.leaders == new.leaders && old.number == new.number)
            }
            try crowd.say("stop")
            let inside = try crowd.value([Talk].self)
            let outside = try neighbour.value([Talk].self)
            #expect(inside.count == count && outside.count == count)
            let heard = Dictionary(outside.map { ($0.address, $0) }) { $1 }
            for talk in inside {
                let other = try #require(heard[talk.address])
                #expect(talk.end == "done" && other.end == "done", "\(talk) \(other)")
                #expect(talk.sent == other.received && other.sent == talk.received, "\(talk) \(other)")
                #expect(talk.sent > 0 && talk.received > 0)
                #expect(talk.link == talk.granted && talk.address == talk.granted, "\(talk)")
            }
            let numbers = (inside + outside).reduce(0) { $0 + $1.received }
            print(
                "measured: \(kills) kills of daemons under \(count) sessions: \(numbers) numbers, all there; "
                    + "longest silence \(outside.compactMap(\.gap).max() ?? 0) s")
        }
    }
}
