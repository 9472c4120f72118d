import Foundation
import Testing

extension EndToEnd {
    @Suite struct CollectorTests {}
}

/// What `vipns gc --json` prints.
private struct SuspectRow: Decodable {
    let kind: String
    let session: String?
    let number: Int?
    let freed: Bool
}

extension TestLab {
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

    fileprivate func serviceLog() throws -> String { try succeed("cat", "/run/vipns-lab/log/service.log") }
}

extension EndToEnd.CollectorTests {
    @Test func `what no session has is suspected first, and freed after the grace`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let service = try lab.startCollecting()
            // As if ours: numbered, pinned and linked; with a link and a process alone; a name; and one that is none of ours.
            try lab.succeed(
                "sh", "-ec",
                """
                make() {
                    ip netns add $1; ip netns set $1 $2
                    ip link add link lan0 name eth0 address $3 netns $1 type macvlan mode bridge
                    ip -n $1 link set eth0 up
                }
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
            for name in ["second", "other"] { try lab.succeed("ip", "netns", "del", name) }
            try lab.endCollecting(service)
        }
    }

    @Test func `a session whose end nobody said is found and ends`() async throws {
        try await inLab { lab in
            let service = try lab.startCollecting()
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
            #expect(try lab.session(other.id)?.state == "active")
            try lab.endCollecting(service)
        }
    }

    @Test func `sessions that come and go are never suspected`() async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.160") { lab in
            let service = try lab.startCollecting()
            let churn = try lab.start(
                "sh", "-c",
                """
                for worker in 1 2 3 4; do
                    while test ! -e /run/vipns-lab/enough; do vipns enter -- true; done &
                done; wait
                """)
            // As often as can be asked: between any two steps of an open and a close.
            let end = ContinuousClock.now + .seconds(Dose.of(3, full: 60))
            var rounds = 0
            while ContinuousClock.now < end {
                let found = try lab.suspects()
                #expect(found.isEmpty, "\(found)")
                rounds += 1
            }
            try lab.succeed("touch", "/run/vipns-lab/enough")
            try churn.end()
            print("collections beside a crowd: \(rounds), sessions: \(try lab.history("--limit", "100000").count)")
            try lab.endCollecting(service)
        }
    }
}
