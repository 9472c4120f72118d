import Foundation
import Testing

extension EndToEnd {
    @Suite struct HolderTests {}
}

/// How a process outside keeps a dead session's namespace alive.
enum Holding: String, CaseIterable, CustomTestStringConvertible {
    case descriptor, pinDescriptor, socket, mount

    var testDescription: String { rawValue }

    /// What it is called by.
    var means: String { self == .pinDescriptor ? "descriptor" : rawValue }

    /// Python that holds the namespace of process `leader`, pinned at `pin`, and stands elsewhere.
    fileprivate var script: String {
        switch self {
        case .descriptor: "held = open(f'/proc/{leader}/ns/net')"
        case .pinDescriptor: "held = open(pin)"
        case .socket:
            """
            host, there = open("/proc/self/ns/net"), open(pin)
            setns(there)
            held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            setns(host)
            there.close()
            """
        case .mount:
            """
            assert libc.unshare(0x20000) == 0
            subprocess.run(["mount", "--make-rprivate", "/"], check=True)
            open("/run/held", "w").close()
            subprocess.run(["mount", "--bind", f"/proc/{leader}/ns/net", "/run/held"], check=True)
            subprocess.run(["umount", pin], check=True)
            """
        }
    }
}

extension EndToEnd.HolderTests {
    /// A dead session and who holds it.
    private struct Held {
        let holding: Holding
        let session: Entered
        let holder: Running
        let pid: String
    }

    private func hold(_ holding: Holding, _ lab: TestLab) throws -> Held {
        let session = try lab.enter()
        let holder = try lab.start(
            "/usr/bin/python3", "-uc",
            """
            import ctypes, os, socket, subprocess, sys, time
            libc = ctypes.CDLL(None)
            def setns(file): assert libc.setns(file.fileno(), 0x40000000) == 0
            leader, pin = \(session.pid), "/run/vipns/netns/\(session.id)"
            \(holding.script)
            print(os.getpid(), flush=True)
            time.sleep(600)
            """)
        return Held(holding: holding, session: session, holder: holder, pid: try holder.line())
    }

    @Test func `who holds a dead session is named, and its address is free`() async throws {
        try await inLab("--hold", "3s", "--range", "10.77.0.101-10.77.0.110") { lab in
            let held = try Holding.allCases.map { try hold($0, lab) }
            let macs = try held.map { try #require(try lab.session($0.session.id)?.mac) }
            // As long as it has a link on it, the parent link knows that link's MAC address, in whichever namespace it is.
            let known = try lab.succeed("bridge", "fdb", "show", "dev", "lan0")
            #expect(macs.allSatisfy(known.contains), "\(macs): \(known)")
            _ = try lab.start("sh", "-c", "exec vipns watch --json > /run/vipns-lab/watched")
            usleep(400_000)
            try lab.succeed("sh", "-c", "kill -9 \(held.map { "\($0.session.pid)" }.joined(separator: " "))")
            // The kernel is asked for 1 s, then the link is deleted.
            for one in held {
                let named = "process \(one.pid) (python3), by a \(one.holding.means)"
                let isShown = try eventually { try lab.vipns("show", one.session.id).output.contains(named) }
                #expect(isShown, "\(named)")
                try lab.expect(one.session.id, becomes: "held", within: .seconds(3))
                #expect(try lab.succeed("cat", "/run/vipns-lab/log/service.log").contains(named))
                #expect(try lab.succeed("cat", "/run/vipns-lab/watched").contains(named))
            }
            try lab.expectFullPool(within: .seconds(6))
            #expect(held.allSatisfy { !$0.holder.hasEnded })
            let left = try lab.succeed("bridge", "fdb", "show", "dev", "lan0")
            #expect(macs.allSatisfy { !left.contains($0) }, "\(macs): \(left)")
            // Those that hold the namespace itself can show that it has no link any more.
            let inside = try lab.succeed("sh", "-c", "nsenter --net=/proc/\(held[0].pid)/fd/3 ip link")
            #expect(!inside.contains("eth0"), "\(inside)")
            try lab.succeed("sh", "-c", "kill -9 \(held.map(\.pid).joined(separator: " "))")
        }
    }
    /// It is dead already, and cannot end: who traces it has asked to hold it on its way out, and does.
    @Test func `a process that cannot be killed is named, and keeps its address until it has ended`() async throws {
        try await inLab("--leftovers", "kill") { lab in
            let session = try lab.enter("sleep 600 & echo $!; wait")
            let member = try session.running.line()
            let tracer = try lab.start(
                "/usr/bin/python3", "-uc",
                """
                import ctypes, os, time
                libc = ctypes.CDLL(None)
                # PTRACE_SEIZE with PTRACE_O_TRACEEXIT; ptrace(2).
                assert libc.ptrace(0x4206, \(member), None, ctypes.c_void_p(0x40)) == 0
                print(os.getpid())
                time.sleep(600)
                """
            ).line()
            let before = try #require(try lab.session(session.id))
            let mac = try #require(before.mac)
            try lab.succeed("kill", "-9", "\(session.pid)")
            let named = "process \(member) (sleep)"
            let isShown = try eventually { try lab.vipns("show", session.id).output.contains(named) }
            #expect(isShown, "\(named)")
            #expect(try lab.succeed("cat", "/run/vipns-lab/log/service.log").contains(named))
            // What it stands in has the link still: the address is not free before both have gone.
            #expect(try lab.succeed("bridge", "fdb", "show", "dev", "lan0").contains(mac))
            #expect(try lab.session(session.id)?.state == "closing")
            try lab.succeed("kill", "-9", tracer)
            try lab.expect(session.id, becomes: nil, within: .seconds(6))
            try lab.expectFullPool()
            #expect(try !lab.succeed("bridge", "fdb", "show", "dev", "lan0").contains(mac))
        }
    }
}
