import Addressing
import Foundation
import Glibc
import KernelSupport
import LinuxSystem
import SessionNetwork
import Testing

/// The processes of a session: found, killed, left alone; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct MemberTests {
    @Test func `unpinning leaves what runs inside alone, and killing then ends it`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let pid = try host.start(in: opened, "/bin/sleep", "20")
                #expect(try host.networks.unpin(opened.session, number: opened.number).isAlive)
                #expect(host.isRunning(pid))
                #expect(try directoryEntries(TestHost.pins).isEmpty && directoryEntries(TestHost.names).isEmpty)
                #expect(try host.networks.members().map(\.pid) == [pid])
                #expect(try host.networks.isAlive(opened.number))
                #expect(try host.networks.killMembers(numbers: [opened.number]).isEmpty)
                #expect(!host.isRunning(pid))
                try host.reap(pid)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
            }
        }
    }

    @Test func `members are told by their session, and only those of one are killed`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let first = try host.open(101)
                let second = try host.open(102)
                let outside = try ChildProcess("/bin/sleep", arguments: ["20"]).pid
                let pids = [
                    try host.start(in: first, "/bin/sleep", "20"), try host.start(in: first, "/bin/sleep", "20"),
                    try host.start(in: second, "/bin/sleep", "20"),
                ]
                let members = Dictionary(grouping: try host.networks.members()) { $0.number }
                #expect(Set((members[first.number] ?? []).map(\.pid)) == Set(pids[0...1]))
                #expect((members[second.number] ?? []).map(\.pid) == [pids[2]])
                #expect(members.count == 2)
                #expect(try host.networks.killMembers(numbers: [first.number]).isEmpty)
                #expect(pids.map { host.isRunning($0) } == [false, false, true])
                #expect(host.isRunning(outside))
                for pid in pids[0...1] { try host.reap(pid) }
                for pid in [pids[2], outside] { try host.end(pid) }
                for opened in [first, second] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }

    @Test func `a process is a member when one of its threads alone is inside`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                // The first thread stays outside and waits for the one that goes in.
                let script = """
                    import ctypes, os, sys, threading
                    def inside():
                        pin = os.open(sys.argv[1], os.O_RDONLY)
                        ctypes.CDLL(None).setns(pin, 0x40000000)
                        os.close(pin)
                        os.write(1, b"1")
                        os.read(0, 1)
                    thread = threading.Thread(target=inside)
                    thread.start()
                    thread.join()
                    """
                let gate = try UnixSocket.pair(.stream)
                let far = gate.second.withRaw { $0 }
                let child = try ChildProcess(
                    "/usr/bin/python3", arguments: ["-c", script, opened.pin], input: far, output: far, error: 2)
                let pid = child.pid
                _ = try UnixSocket.receive(limit: 1, on: gate.first)
                let members = try host.networks.members()
                #expect(members.map(\.pid) == [pid])
                #expect(members.map(\.number) == [opened.number])
                _ = try UnixSocket.send([1], on: gate.first)
                _ = try child.wait()
                #expect(try host.networks.members().isEmpty)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `processes that start others while they are killed are all killed`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                // Six generations, each of two: 127 processes when nobody interferes.
                let script = #"f() { [ $1 -gt 0 ] && { f $(($1-1)) & f $(($1-1)) & }; exec sleep 20; }; f 6"#
                let pid = try host.start(in: opened, "/bin/sh", "-c", script)
                #expect(try eventually { try host.networks.members().count > 20 })
                #expect(try eventually { try host.networks.killMembers(numbers: [opened.number]).isEmpty })
                #expect(try host.networks.members().isEmpty)
                try host.reap(pid)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
            }
        }
    }

    @Test func `a process that refuses the polite signals is killed`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let pid = try host.start(in: opened, "/bin/sh", "-c", "trap '' TERM INT HUP; while :; do sleep 1; done")
                let stopped = try host.start(in: opened, "/bin/sh", "-c", "kill -STOP $$")
                #expect(try eventually { try host.networks.members().count >= 2 })
                #expect(try host.networks.killMembers(numbers: [opened.number]).isEmpty)
                #expect(!host.isRunning(pid) && !host.isRunning(stopped))
                for pid in [pid, stopped] { try host.reap(pid) }
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }
}
