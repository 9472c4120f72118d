import Glibc
import Testing

extension EndToEnd {
    @Suite struct FloodTests {}
}

/// What one user does to the socket, in Python.
enum Flood {
    /// Connects so many times a second, in `sockets` at a time, and lets each be; `kind` says what each does.
    ///
    /// Prints how many connections it made and how many of them were ended by the other side.
    static let script = """
        import os, select, socket, sys, time
        kind, seconds = sys.argv[1], float(sys.argv[2])
        path, end, made, ended = "/run/vipns/io.vipns", time.monotonic() + seconds, 0, 0
        def connect():
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1)
            s.connect(path)
            return s
        print("ready", flush=True)
        if kind == "connections":
            # A thousand a second, five hundred at once: none is waited for, all are closed at the end of their half second.
            start = time.monotonic()
            while time.monotonic() < end:
                sockets = []
                for _ in range(500):
                    try:
                        sockets.append(connect())
                        made += 1
                    except OSError:
                        ended += 1
                ahead = start + made / 1000 - time.monotonic()
                if ahead > 0: time.sleep(ahead)
                for s in sockets: s.close()
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
        else:
            # 64 at a time: those that are ended are made again.
            sockets = []
            while time.monotonic() < end:
                while len(sockets) < 64:
                    try:
                        sockets.append(connect())
                        made += 1
                    except OSError:
                        ended += 1
                        break
                if kind == "descriptors":
                    null = os.open("/dev/null", os.O_RDONLY)
                for s in sockets[:]:
                    try:
                        if kind == "slow": s.send(b"{")
                        if kind == "descriptors": socket.send_fds(s, [b"{"], [null] * 200)
                        if select.select([s], [], [], 0)[0] and not s.recv(1): raise OSError()
                    except OSError:
                        ended += 1
                        s.close()
                        sockets.remove(s)
                if kind == "descriptors": os.close(null)
                time.sleep({"slow": 1, "idle": 0.2, "descriptors": 0.05}[kind])
        print(made, ended, flush=True)
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
                if kind == "open":
                    id = call(s, "Open", mode="reserve", user="alice")["session"]["id"]
                else:
                    call(s, "List")
                times.append(int((time.monotonic() - began) * 1e6))
                if kind == "open": call(s, "Close", session=id)
        print(" ".join(str(time) for time in sorted(times)))
        """
}

extension TestLab {
    /// Starts Python as somebody.
    func start(as user: String, python script: String, _ words: String...) throws -> Running {
        try start(
            ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "/usr/bin/python3", "-uc", script] + words)
    }

    /// The resident memory of the service, in KiB, and how many descriptors it has open.
    func footprint() throws -> (memory: Int, descriptors: Int) {
        let pid = try process(of: "service")
        let status = try succeed("cat", "/proc/\(pid)/status")
        let memory = status.firstMatch(of: /VmRSS:\s+([0-9]+)/).flatMap { Int($0.1) }
        return (try #require(memory), try succeed("ls", "/proc/\(pid)/fd").split(separator: "\n").count)
    }

    /// How many descriptors a daemon may have.
    func descriptorLimit(of daemon: String = "service") throws -> Int {
        let limits = try succeed("cat", "/proc/\(try process(of: daemon))/limits")
        return try #require(limits.firstMatch(of: /Max open files\s+([0-9]+)/).flatMap { Int($0.1) })
    }
}

/// Times in microseconds, sorted.
private struct Times: CustomStringConvertible {
    let values: [Int]

    init(_ line: String) { values = line.split(separator: " ").compactMap { Int($0) } }

    /// What 99 of 100 took at most, in milliseconds.
    var p99: Double { values.isEmpty ? .infinity : Double(values[values.count * 99 / 100]) / 1000 }

    var description: String {
        let median = values.isEmpty ? 0 : Double(values[values.count / 2]) / 1000
        return "\(values.count) calls: median \(median) ms, p99 \(p99) ms, most \(Double(values.last ?? 0) / 1000) ms"
    }
}

extension EndToEnd.FloodTests {
    @Test func `a user who floods the socket with connections keeps nobody else from it`() async throws {
        let limits = (root: 50.0, user: 100.0)
        try await flood(by: ["connections", "idle", "slow", "descriptors"], seconds: Dose.of(8, full: 60), limits)
    }

    @Test func `a user who asks without end keeps nobody else from it`() async throws {
        // What is asked is work, for one thread; so others wait for some of it.
        try await flood(by: ["calls"], seconds: Dose.of(5, full: 60), (root: 100.0, user: 200.0))
    }

    private func flood(by kinds: [String], seconds: Int, _ limits: (root: Double, user: Double)) async throws {
        try await inLab("--range", "10.77.0.100-10.77.0.249", "--hold", "100ms") { lab in
            let count = Dose.of(300, full: 1500)
            // Without a flood: what is loaded and allocated the first time is no growth, and what takes long on a machine
            // that is busy otherwise is not the flood's doing.
            let calm = try [("root", "open"), ("alice", "list")].map { user, kind in
                let asking = try lab.start(as: user, python: Flood.asking, kind, "100", "1")
                return Times(try asking.end(within: .seconds(20)).output)
            }
            #expect(calm.allSatisfy { $0.values.count == 100 })
            let quiet = try lab.footprint()
            let limit = try lab.descriptorLimit()
            let flooders = try kinds.map { kind in
                (kind, try lab.start(as: "bob", python: Flood.script, kind, "\(seconds + 2)"))
            }
            for (_, flooder) in flooders { #expect(try flooder.line() == "ready") }
            let open = try lab.start(as: "root", python: Flood.asking, "open", "\(count)", "\(seconds)")
            let list = try lab.start(as: "alice", python: Flood.asking, "list", "\(count)", "\(seconds)")
            var most = quiet
            while !open.hasEnded || !list.hasEnded {
                usleep(100_000)
                let now = try lab.footprint()
                most = (max(most.memory, now.memory), max(most.descriptors, now.descriptors))
            }
            let (root, alice) = (Times(try open.end().output), Times(try list.end().output))
            for (kind, flooder) in flooders { print("flood of \(kind): \(try flooder.line(within: .seconds(20)))") }
            let after = try lab.footprint()
            print("without a flood: root opens, \(calm[0]); alice lists, \(calm[1])")
            print("root opens, \(root); alice lists, \(alice)")
            print("memory \(quiet.memory) KiB, most \(most.memory), after \(after.memory)")
            print("descriptors \(quiet.descriptors), most \(most.descriptors), after \(after.descriptors) of \(limit)")
            #expect(root.values.count == count && root.p99 < max(Dose.limit(limits.root), 4 * calm[0].p99), "\(root)")
            #expect(
                alice.values.count == count && alice.p99 < max(Dose.limit(limits.user), 4 * calm[1].p99), "\(alice)")
            #expect(most.memory - quiet.memory < 8 << 10 || Dose.isSanitized)
            #expect(most.descriptors < limit / 2)
            #expect(try eventually { try lab.footprint().descriptors <= quiet.descriptors + 6 })
        }
    }
}
