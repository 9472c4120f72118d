import Foundation
import Glibc
import Testing

extension EndToEndWaits {
    @Suite struct CollectorTests {}
}

/// What `vipns gc --json` prints.
private struct SuspectRow: Decodable {
    let kind: String
    let session: String?
    let number: Int?
    let freed: Bool
}

/// What `vipns watch --json` prints.
private struct EventRow: Decodable {
    let kind: String
    /// In microseconds.
    let time: Int
    let text: String?
}

/// What the collector has told, in its order.
private struct CollectorEvents {
    let suspected: [EventRow]
    let collected: [EventRow]

    /// Each of those was suspected once, and collected once, no sooner than after the grace.
    func expect(_ texts: Set<String>, sourceLocation: SourceLocation = #_sourceLocation) {
        for told in [suspected, collected] {
            #expect(told.compactMap(\.text).sorted() == texts.sorted(), sourceLocation: sourceLocation)
        }
        for end in collected {
            let begin = suspected.first { $0.text == end.text }
            #expect(isAfterGrace(begin, end), "\(end)", sourceLocation: sourceLocation)
        }
    }

    /// Twice the time between two looks; each event is told a moment after its look.
    func isAfterGrace(_ begin: EventRow?, _ end: EventRow) -> Bool {
        begin.map { end.time - $0.time >= 1_950_000 } ?? false
    }
}

extension TestLab {
    /// Starts to watch; one event was seen, so none that follows is missed.
    fileprivate func startWatching() throws -> Running {
        let watching = try start("vipns", "watch", "--json")
        let isWatching = try eventually(within: .seconds(10)) {
            _ = try vipns("enter", "--", "true")
            return (try? watching.line(within: .milliseconds(200))) != nil
        }
        guard isWatching else { throw TestFailure("no event comes") }
        return watching
    }

    /// The next event of the collector.
    fileprivate func collectorEvent(_ watching: Running, within limit: Duration = .seconds(5)) throws -> EventRow {
        while true {
            let line = try watching.line(within: limit)
            let event = try JSONDecoder().decode(EventRow.self, from: Data(line.utf8))
            if ["suspected", "collected"].contains(event.kind) { return event }
        }
    }

    /// All that it has told and not been asked for, until none comes for so long: two looks.
    fileprivate func collectorEvents(
        _ watching: Running, patience: Duration = .seconds(2)
    ) throws -> CollectorEvents {
        var events: [EventRow] = []
        while let event = try? collectorEvent(watching, within: patience) { events.append(event) }
        return CollectorEvents(
            suspected: events.filter { $0.kind == "suspected" }, collected: events.filter { $0.kind == "collected" })
    }

    /// Starts the service anew with a collector that looks every second, and so frees after two.
    fileprivate func startCollecting() throws -> Running {
        try tell("kill service")
        let service = try start(
            "sh", "-c",
            """
            exec setpriv --reuid 64742 --regid 64742 --clear-groups --no-new-privs vipnsd \
                --config /run/vipns-lab/vipns.yaml --state /run/vipns-lab/state --collect 1 \
                2>> /run/vipns-lab/log/service.log
            """)
        guard try eventually({ try vipns("list").status == 0 }) else { throw TestFailure("the service does not serve") }
        return service
    }

    /// Runs a shell's script while the service is stopped, so that it never sees what is half made.
    fileprivate func unseen(by service: Running, _ script: String) throws {
        try succeed("sh", "-ec", "pkill -STOP -x vipnsd\n\(script)\npkill -CONT -x vipnsd")
        // nsenter(1), through which it was started, stops with it.
        _ = Glibc.kill(service.pid, SIGCONT)
    }

    /// Ends that one and starts the lab's own again.
    fileprivate func endCollecting(_ service: Running) throws {
        try succeed("pkill", "-x", "vipnsd")
        #expect(try service.end().status == 0)
        try tell("start service")
    }

    fileprivate func suspects(_ options: String...) throws -> [SuspectRow] {
        let outcome = try run(["vipns", "gc", "--json"] + options)
        guard outcome.status == 0 else { throw TestFailure("gc: \(outcome.errors)") }
        return try JSONDecoder().decode([SuspectRow].self, from: Data(outcome.output.utf8))
    }

    fileprivate func sessionsSoFar() throws -> Int { try history("--limit", "100000").count }

    fileprivate func serviceLog() throws -> String { try succeed("cat", "/run/vipns-lab/log/service.log") }
}

extension EndToEndWaits.CollectorTests {
    /// Shell that makes a namespace as a session has it: its name, number and MAC address.
    private static let make = """
        make() {
            ip netns add $1
            # The number of one that is gone is free a moment later.
            for _ in $(seq 100); do ip netns set $1 $2 2> /dev/null && break; sleep 0.02; done
            ip link add link lan0 name eth0 address $3 netns $1 type macvlan mode bridge
            ip -n $1 link set eth0 up
        }

        """

    @Test func `what no session has is suspected first, and freed after the grace`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let service = try lab.startCollecting()
            let watching = try lab.startWatching()
            // As if ours: numbered, pinned and linked; with a link and a process alone; a name; and one that is none of ours.
            try lab.unseen(
                by: service,
                Self.make + """
                    make first 1148577 02:00:0a:4d:00:f1
                    touch /run/vipns/netns/aaaaaaaa
                    mount --bind /run/netns/first /run/vipns/netns/aaaaaaaa
                    umount /run/netns/first; rm /run/netns/first
                    make second 1148578 02:00:0a:4d:00:f2
                    ln -s /run/vipns/netns/bbbbbbbb /run/netns/vipns-bbbbbbbb
                    ip netns add other; ip netns set other 1148579
                    ip link add name eth0 netns other type veth peer name there netns other
                    """)
            let expected: Set<String> = ["aaaaaaaa", "bbbbbbbb", "1148578"]
            func names(_ rows: [SuspectRow]) -> Set<String> {
                Set(rows.map { $0.session ?? $0.number.map { "\($0)" } ?? "-" })
            }
            let refused = try lab.vipns(as: "alice", "gc")
            #expect(refused.status == 1 && refused.errors.contains("only root collects"), "\(refused)")
            let first = try lab.suspects("--dry-run")
            #expect(names(first) == expected)
            #expect(first.allSatisfy { $0.kind == "remains" && !$0.freed })
            // Asking often does not make it go sooner.
            for _ in 0..<3 { #expect(try lab.suspects().allSatisfy { !$0.freed }) }
            #expect(try eventually(within: .seconds(6)) { try lab.suspects("--dry-run").isEmpty })
            #expect(try lab.run("ls", "/run/vipns/netns").output == session.id)
            #expect(try lab.run("test", "-L", "/run/netns/vipns-bbbbbbbb").status == 1)
            #expect(!(try lab.succeed("ip", "-n", "second", "link").contains("eth0")))
            #expect(try lab.succeed("ip", "-n", "other", "link").contains("eth0"))
            let log = try lab.serviceLog()
            #expect(log.components(separatedBy: "suspected to be of no use").count == 4, "\(log)")
            #expect(log.components(separatedBy: "vipnsd: warning: collected").count == 4, "\(log)")
            #expect(try lab.session(session.id)?.state == "active")
            try lab.collectorEvents(watching).expect([
                "remains of session aaaaaaaa: its pin and its link are there, and there is no such session",
                "remains of session bbbbbbbb: its pin or its name is there, and there is no such session",
                "namespace 1148578: it has a session's link, and no session has its number",
            ])
            for name in ["second", "other"] { try lab.succeed("ip", "netns", "del", name) }
            try lab.endCollecting(service)
        }
    }

    @Test func `another one that takes a candidate's name and number has a grace of its own`() async throws {
        try await inLab { lab in
            let service = try lab.startCollecting()
            let watching = try lab.startWatching()
            // The same in all that can be chosen: the kernel alone gives cookies.
            let pin = """
                make next 1148577 02:00:0a:4d:00:f1
                touch /run/vipns/netns/aaaaaaaa
                mount --bind /run/netns/next /run/vipns/netns/aaaaaaaa
                umount /run/netns/next; rm /run/netns/next
                """
            try lab.unseen(by: service, Self.make + pin)
            let first = try lab.collectorEvent(watching)
            #expect(first.kind == "suspected")
            usleep(1_200_000)
            let gone = "umount /run/vipns/netns/aaaaaaaa; rm /run/vipns/netns/aaaaaaaa\n"
            try lab.unseen(by: service, Self.make + gone + pin)
            let events = try lab.collectorEvents(watching, patience: .seconds(4))
            let second = try #require(events.suspected.first)
            #expect(second.text == first.text && second.time - first.time > 1_000_000)
            events.expect([
                "remains of session aaaaaaaa: its pin and its link are there, and there is no such session"
            ])
            #expect(try lab.run("ls", "/run/vipns/netns").output.isEmpty)
            try lab.endCollecting(service)
        }
    }

    @Test func `a session whose end nobody said is found and ends`() async throws {
        try await inLab { lab in
            let service = try lab.startCollecting()
            let watching = try lab.startWatching()
            let id = try #require(try lab.reserve().first)
            let other = try lab.enter()
            // The kernel's word is taken from the helper's socket before the helper reads it.
            try lab.succeed(
                "/usr/bin/python3", "-c",
                """
                import ctypes, os, signal, socket, subprocess, time
                libc = ctypes.CDLL(None, use_errno=True)
                helper = \(try lab.process(of: "helper"))
                os.kill(helper, signal.SIGSTOP)
                subprocess.run(["umount", "/run/vipns/netns/\(id)"], check=True)
                time.sleep(0.2)
                pidfd = os.pidfd_open(helper)
                stolen = 0
                for number in os.listdir(f"/proc/{helper}/fd"):
                    if not os.readlink(f"/proc/{helper}/fd/{number}").startswith("socket:"): continue
                    copy = libc.syscall(438, pidfd, int(number), 0)
                    if copy < 0: continue
                    found = socket.socket(fileno=copy)
                    if found.family != socket.AF_NETLINK: continue
                    while True:
                        try:
                            found.recv(65536, socket.MSG_DONTWAIT)
                            stolen += 1
                        except BlockingIOError: break
                assert stolen > 0
                os.kill(helper, signal.SIGCONT)
                """)
            #expect(try lab.session(id)?.state == "active")
            #expect(
                try eventually { try lab.suspects("--dry-run").contains { $0.session == id && $0.kind == "session" } })
            try lab.expect(id, becomes: nil, within: .seconds(6))
            #expect(try lab.history(of: id).reason == "namespace destroyed from outside")
            try lab.collectorEvents(watching).expect(["session \(id): its namespace is gone, and nobody said so"])
            #expect(try lab.session(other.id)?.state == "active")
            try lab.endCollecting(service)
        }
    }

    @Test func `sessions that come and go are never suspected`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.160") { lab in
            let service = try lab.startCollecting()
            let watching = try lab.startWatching()
            let churn = try lab.start(
                "sh", "-c",
                """
                work() { while test ! -e /run/vipns-lab/enough; do vipns enter -- true || exit 1; done; }
                for worker in 1 2 3 4; do work & workers="$workers $!"; done
                status=0
                for worker in $workers; do wait $worker || status=1; done
                exit $status
                """)
            // As often as can be asked: between any two steps of an open and a close.
            let begin = ContinuousClock.now
            var rounds = 0
            // A machine that has much to do gets more time: too few would say nothing.
            func isEnough() throws -> Bool {
                let time = ContinuousClock.now - begin
                if time < .seconds(Dose.of(3, full: 60)) { return false }
                return try time > .seconds(60) || rounds >= 20 && lab.sessionsSoFar() >= 100
            }
            repeat {
                let found = try lab.suspects()
                #expect(found.isEmpty, "\(found)")
                rounds += 1
            } while try !isEnough()
            let sessions = try lab.sessionsSoFar()
            try lab.succeed("touch", "/run/vipns-lab/enough")
            let outcome = try churn.end()
            #expect(outcome.status == 0, "\(outcome)")
            #expect(rounds >= Dose.of(20, full: 400) && sessions >= Dose.of(100, full: 2000), "\(rounds) \(sessions)")
            try lab.collectorEvents(watching).expect([])
            print("collections beside a crowd: \(rounds), sessions: \(sessions)")
            try lab.endCollecting(service)
        }
    }
}
