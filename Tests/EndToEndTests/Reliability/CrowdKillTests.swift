import Foundation
import Testing

extension EndToEnd {
    @Suite struct CrowdKillTests {}
}

/// Notes every packet of a session's MAC address with its time, by the kernel's clock, and tells of the last one before a
/// moment; takes connections on which it never reads.
private let capture = """
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    # SO_RCVBUFFORCE, SO_TIMESTAMPNS
    packets.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)
    packets.setsockopt(socket.SOL_SOCKET, 35, 1)
    packets.bind(("eth0", 0))
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.bind(("10.77.0.1", 7000))
    listener.listen(1024)
    print("ready")
    packets_of, taken = {}, []
    poll = select.poll()
    for descriptor in (packets.fileno(), listener.fileno(), 0): poll.register(descriptor, select.POLLIN)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if listener.fileno() in ready: taken.append(listener.accept())
        if packets.fileno() in ready:
            frame, extra, _, _ = packets.recvmsg(100, 100)
            if frame[6:8] == b"\\x02\\x00":
                seconds, nanoseconds = struct.unpack("qq", extra[0][2])
                packets_of.setdefault(frame[6:12].hex(":"), []).append((seconds + nanoseconds / 1e9, frame))
        elif 0 in ready:
            # When each leader was killed, by its session's MAC address, and from when on nobody is looked at.
            killed, end = json.loads(sys.stdin.readline())
            def is_reset(frame): return frame[12:14] == b"\\x08\\0" and frame[23] == 6 and frame[47] & 4
            before = {mac: [packet for packet in heard if packet[0] < end] for mac, heard in packets_of.items()}
            # A connection goes on in the kernel; what the program sends are datagrams, and end with it.
            def is_program(frame): return frame[12:14] == b"\\x08\\0" and frame[23] == 17
            def last(mac, isWanted): return max((t for t, f in before[mac] if isWanted(f)), default=0) - killed[mac]
            ends = [last(mac, is_program) for mac in killed]
            silent = [last(mac, lambda _: True) for mac in killed
                if not any(is_reset(frame) for _, frame in before[mac])]
            resets = [last(mac, lambda _: True) for mac in killed if is_reset(before[mac][-1][1])]
            # struct tpacket_stats: packets, drops.
            lost = struct.unpack("II", packets.getsockopt(263, 6, 8))[1]
            print(json.dumps({"lost": lost, "counts": [len(before.get(mac, [])) for mac in killed],
                "ends": ends, "silent": silent, "resets": resets}))
    """

/// Leaders that send all the time, every fourth with a connection that its peer does not read; all are killed at once.
private let chorus = """
    import threading
    count = int(sys.stdin.readline())
    def sing(session):
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.connect(("10.77.0.1", 9))
        if session["number"] % 4 == 0:
            stuck = socket.create_connection(("10.77.0.1", 7000))
            stuck.setblocking(False)
            try:
                while True: stuck.send(bytes(1 << 14))
            except BlockingIOError: pass
            stuck.set_inheritable(True)
        # The rest is a shell's: to end two hundred Pythons takes both processors seventy milliseconds.
        never = os.pipe()
        for descriptor in (sender.fileno(), *never): os.set_inheritable(descriptor, True)
        send = f"while :; do echo here >&{sender.fileno()}; read -rt .02 -u {never[0]}; done 2> /dev/null"
        os.execv("/bin/bash", ["bash", "-c", send])
    def observe():
        stream = Service().watch()
        next(stream)
        events.append(None)
        for event in stream:
            if event and event["session"]: events.append((event["session"]["id"], event["kind"], event["time"] / 1e6))
    events = []
    threading.Thread(target=observe, daemon=True).start()
    while not events: time.sleep(.01)
    crowd = Crowd()
    sessions = crowd.grow(count, sing)
    print(len(sessions), *crowd.refused[:1])
    sys.stdin.readline()
    wall = time.time() - now()
    killed = crowd.kill()
    deadline = now() + 10
    while now() < deadline and sum(event is not None and event[1] == "closed" for event in events) < count:
        time.sleep(.01)
    first = {}
    for event in events[1:]: first.setdefault(event[:2], event[2])
    # The addresses and so their MAC addresses are taken again, as soon as they may be.
    again, asked, service = 0, now(), Service()
    while again < count and now() < asked + 10:
        reply = service.ask("Open", mode="reserve")
        if "error" not in reply: again += 1
        elif not reply["error"].endswith("PoolExhausted"): break
    took = now() - asked
    pool = service.ask("Pools")["parameters"]["pools"][0]
    print(json.dumps({
        "killed": {s["mac"]: killed[s["pid"]] + wall for s in sessions},
        "closing": [first.get((s["id"], "closing"), 9e9) - killed[s["pid"]] - wall for s in sessions],
        "closed": [first.get((s["id"], "closed"), 9e9) - killed[s["pid"]] - wall for s in sessions],
        "asked": asked + wall, "again": again, "took": took, "quarantined": pool["quarantined"]}))
    sys.stdin.readline()
    """

private struct Chorus: Decodable {
    /// When each session's leader was killed, by its MAC address.
    let killed: [String: Double]
    let closing: [Double]
    let closed: [Double]
    let asked: Double
    let again: Int
    let took: Double
    let quarantined: Int
}

/// What came of the sessions: how many packets, and the last one, in seconds after that session's own leader's kill.
private struct Capture: Decodable {
    let counts: [Int]
    /// The last one of its program.
    let ends: [Double]
    /// The last one at all, of those that had no connection.
    let silent: [Double]
    /// The last one at all, which is the reset of a connection whose program has ended.
    let resets: [Double]
    let lost: Int
}

extension EndToEnd.CrowdKillTests {
    @Test func `a crowd whose leaders are killed at once is silent at once, and its addresses are free`() async throws {
        let count = Dose.of(40, full: 200)
        try await inLab("--range", "10.77.0.10-10.77.0.\(9 + count)", "--exhaustion", "deny") { lab in
            let neighbour = try lab.startOnNeighbour(capture)
            let chorus = try lab.startCrowd(chorus)
            try chorus.say("\(count)")
            #expect(try chorus.line(within: .seconds(60)) == "\(count)")
            usleep(500_000)
            try chorus.say("kill")
            let outcome = try chorus.value(Chorus.self, within: .seconds(60))
            // What is sent later is of those who have the addresses after them.
            let killed = try JSONEncoder().encode(outcome.killed)
            try neighbour.say("[\(String(decoding: killed, as: UTF8.self)), \(outcome.asked)]")
            let capture = try neighbour.value(Capture.self)
            #expect(capture.lost == 0)
            // They did send until then.
            #expect(capture.counts.count == count && capture.counts.allSatisfy { $0 > 10 })
            #expect(capture.resets.count == count / 4 && capture.silent.count == count - count / 4)
            #expect(outcome.killed.count == count && capture.ends.count == count)
            let last = (capture.ends + capture.silent).max() ?? 9
            #expect(last < Dose.limit(0.1), "\(last) s")
            // The kernel goes on with a connection that has data to send, until the service has come to that session:
            // its peer is told that it is over, and that is all.
            let reset = capture.resets.max() ?? 9
            #expect(reset < Dose.limit(0.1), "\(reset) s")
            let noticed = outcome.closing.max() ?? 9
            let proved = outcome.closed.max() ?? 9
            #expect(proved < Dose.limit(1), "\(proved) s")
            #expect(outcome.again == count && outcome.quarantined == 0)
            print(
                "measured: \(count) leaders killed at once: last packet after \(last) s, last reset after \(reset) s, noticed after \(noticed) s, "
                    + "all proved free after \(proved) s, all granted again \(outcome.took) s later")
        }
    }
}
