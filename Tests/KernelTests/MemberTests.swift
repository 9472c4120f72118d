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
                #expect(try host.networks.unpin(opened.session, number: opened.number))
                #expect(host.isRunning(pid))
                #expect(try directoryEntries(TestHost.pins).isEmpty && directoryEntries(TestHost.names).isEmpty)
                #expect(host.networks.members().map(\.pid) == [pid])
                #expect(try host.networks.isAlive(opened.number))
                #expect(host.networks.killMembers(numbers: [opened.number]).isEmpty)
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
                let members = Dictionary(grouping: host.networks.members()) { $0.number }
                #expect(Set((members[first.number] ?? []).map(\.pid)) == Set(pids[0...1]))
                #expect((members[second.number] ?? []).map(\.pid) == [pids[2]])
                #expect(members.count == 2)
                #expect(host.networks.killMembers(numbers: [first.number]).isEmpty)
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
                // A thread of this very process is the one that is inside.
                let gate = try UnixSocket.pair(.seqpacket)
                let inside = DescriptorBox(try host.join(opened).intoDescriptor())
                let far = DescriptorBox(try gate.second.duplicate())
                let thread = Thread {
                    guard let descriptor = inside.take(), let end = far.take(),
                        let namespace = try? NetworkNamespace(received: descriptor), (try? namespace.enter()) != nil
                    else { return }
                    _ = try? UnixSocket.send([1], on: end)
                    _ = try? UnixSocket.receive(limit: 1, on: end)
                }
                thread.start()
                _ = try UnixSocket.receive(limit: 1, on: gate.first)
                let members = host.networks.members()
                #expect(members.map(\.pid) == [getpid()])
                #expect(members.map(\.number) == [opened.number])
                _ = try UnixSocket.send([1], on: gate.first)
                #expect(eventually { host.networks.members().isEmpty })
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
                #expect(eventually { host.networks.members().count > 20 })
                #expect(eventually { host.networks.killMembers(numbers: [opened.number]).isEmpty })
                #expect(host.networks.members().isEmpty)
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
                #expect(eventually { host.networks.members().count >= 2 })
                #expect(host.networks.killMembers(numbers: [opened.number]).isEmpty)
                #expect(!host.isRunning(pid) && !host.isRunning(stopped))
                for pid in [pid, stopped] { try host.reap(pid) }
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }
}
