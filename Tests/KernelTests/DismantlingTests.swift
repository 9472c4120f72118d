import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import Testing

@testable import SessionNetwork

/// The end of a session, from whatever state it is in; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct DismantlingTests {
    @Test func `dismantling twice, or what never was, is harmless`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(
                    try eventually {
                        try host.networks.dismantle(opened.session, number: opened.number).isAlive == false
                    })
                #expect(try host.networks.dismantle(.random(), number: host.nextNumber()).isAlive == false)
                #expect(try host.networks.unpin(.random(), number: host.nextNumber()).isAlive == false)
                try host.networks.deleteLink(number: host.nextNumber())
                #expect(try host.networks.killMembers(numbers: [host.nextNumber()]).isEmpty)
            }
        }
    }

    @Test func `a session that was made and not connected is dismantled`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.make()
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                // What is forgotten is held by its pin alone.
                let other = try host.make()
                host.networks.forgetMade()
                #expect(try host.networks.isAlive(other.number))
                _ = try host.networks.unpin(other.session, number: other.number)
                #expect(try eventually { try host.networks.isAlive(other.number) == false })
            }
        }
    }

    @Test func `the kernel says when the namespace is gone`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let events = try NetlinkSocket(groups: [NamespaceNumberEvent.group])
                let opened = try host.open(101)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                var seen: [NamespaceNumberEvent] = []
                while !seen.contains(.gone(opened.number)), events.withRaw({ isReadable($0, within: 20_000) }) {
                    seen += try events.receive().compactMap(NamespaceNumberEvent.init)
                }
                #expect(seen == [.assigned(opened.number), .gone(opened.number)])
                #expect(try host.networks.isAlive(opened.number) == false)
            }
        }
    }

    @Test func `a link is deleted whatever name and MAC address it has got`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                try host.ip("-n \(opened.name) link set eth0 down")
                try host.ip("-n \(opened.name) link set eth0 address 52:54:00:12:34:56 name other")
                try host.networks.deleteLink(number: opened.number)
                #expect(try !host.ip("-n \(opened.name) -o link").contains("macvlan"))
                #expect(try host.ip("-n \(opened.name) -o link").split(separator: "\n").count == 1)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a file without mount is a wreck that is listed and taken away`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let wreck = Opened(session: .random(), number: host.nextNumber())
                try writeFile(wreck.pin, "", flags: O_CREAT)
                #expect(try host.networks.list() == [.init(wreck.session)])
                let error = expectError { _ = try host.networks.join(wreck.session) }
                #expect(error?.errno == .invalidArgument)
                #expect(try host.networks.dismantle(wreck.session, number: wreck.number).isAlive == false)
                #expect(try host.networks.list().isEmpty)
            }
        }
    }

    @Test func `a pin that an administrator unmounted or removed is no hindrance`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let unmounted = try host.open(101)
                try host.run("/usr/bin/umount", [unmounted.pin])
                #expect(try eventually { try host.networks.isAlive(unmounted.number) == false })
                #expect(try host.networks.dismantle(unmounted.session, number: unmounted.number).isAlive == false)

                let removed = try host.open(102)
                try host.run("/usr/bin/umount", [removed.pin])
                #expect(unsafe unlink(removed.pin) == 0)
                // Its name is left.
                #expect(try host.networks.list().compactMap(\.session) == [removed.session])
                _ = try host.networks.dismantle(removed.session, number: removed.number)
                #expect(try eventually { try host.networks.isAlive(removed.number) == false })

                let nameless = try host.open(103)
                #expect(unsafe unlink("\(TestHost.names)/\(nameless.name)") == 0)
                _ = try host.networks.dismantle(nameless.session, number: nameless.number)
            }
        }
    }

    @Test func `a pin that is in use is taken away all the same`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                // Open by its path: a plain umount answers EBUSY.
                let user = try OwnedDescriptor.open(opened.pin, O_RDONLY)
                #expect(try host.networks.dismantle(opened.session, number: opened.number).isAlive)
                #expect(try directoryEntries(TestHost.pins).isEmpty)
                try user.close()
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
            }
        }
    }

    @Test func `a copy of the pin in another mount namespace does not keep the session`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let other = try ChildProcess(
                    "/usr/bin/unshare", arguments: ["--mount", "--propagation", "private", "/bin/sleep", "20"])
                let pid = other.pid
                let mounts = "/proc/\(pid)/mountinfo"
                #expect(eventually { (try? readTextFile("/proc/\(pid)/comm")) == "sleep\n" })
                #expect(try readTextFile(mounts).contains(" \(opened.pin) "))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                #expect(try readTextFile(mounts).contains(" \(opened.pin) ") == false)
                #expect(host.isRunning(pid))
                try host.end(pid)
            }
        }
    }

    @Test func `a restart finds what is there and hides nothing`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let list = try host.networks.list()
                #expect(list.map(\.session) == [opened.session])
                for path in [TestHost.pins, "\(TestHost.pins)/", "/run/vipns/../vipns/netns"] {
                    let pins = PinDirectory(path: path, namesPath: TestHost.names)
                    let second = try SessionNetworks(pins: pins)
                    #expect(try second.list() == list, "\(path)")
                }
                #expect(unsafe symlink("/run/vipns", "/run/other") == 0)
                let pins = PinDirectory(path: "/run/other/netns", namesPath: TestHost.names)
                let third = try SessionNetworks(pins: pins)
                #expect(try third.list() == list)
                _ = try third.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
            }
        }
    }

    @Test func `the list tells whole sessions, nameless ones and wrecks apart`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let whole = try host.open(101)
                let made = try host.make()
                let unpinned = try host.open(102)
                let holder = try host.join(unpinned)
                _ = try host.networks.unpin(unpinned.session, number: unpinned.number)
                let wreck = Opened(session: .random(), number: 0)
                let dangling = try #require(SessionID("aaaaaaaa"))
                try writeFile(wreck.pin, "", flags: O_CREAT)
                try writeFile("\(TestHost.pins)/something-else", "", flags: O_CREAT)
                #expect(unsafe symlink("\(TestHost.pins)/aaaaaaaa", "\(TestHost.names)/vipns-aaaaaaaa") == 0)
                #expect(unsafe symlink("/nowhere", "\(TestHost.names)/vipns-bbbbbbbb") == 0)
                #expect(unsafe symlink("/nowhere", "\(TestHost.names)/other") == 0)

                let wholeCookie = try host.join(whole).cookie()
                let madeCookie = try host.join(made).cookie()
                let list = try host.networks.list()
                #expect(
                    Set(list) == [
                        .init(whole.session, number: whole.number, cookie: wholeCookie, hasLink: true),
                        .init(made.session, number: made.number, cookie: madeCookie, hasLink: false),
                        .init(nil, number: unpinned.number, hasLink: true),
                        .init(wreck.session), .init(dangling),
                    ])
                #expect(list.count == 5)
                // A name of ours that leads nowhere goes like a session; those of another installation are its own.
                _ = try host.networks.dismantle(dangling, number: SessionNetworks.firstNumber)
                #expect(
                    try Set(directoryEntries(TestHost.names)) == [whole.name, made.name, "vipns-bbbbbbbb", "other"])

                _ = consume holder
                for path in [
                    "\(TestHost.pins)/something-else", "\(TestHost.names)/other", "\(TestHost.names)/vipns-bbbbbbbb",
                ] {
                    #expect(unsafe unlink(path) == 0)
                }
                for opened in [whole, made, wreck] {
                    _ = try host.networks.dismantle(opened.session, number: opened.number)
                }
            }
        }
    }

    @Test func `a namespace that is not ours is never listed as ours`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.ip("netns add stranger")
                try host.ip("netns set stranger 7")
                #expect(try host.networks.list().isEmpty)
                let session = SessionID.random()
                try writeFile("\(TestHost.pins)/\(session)", "", flags: O_CREAT)
                try host.run("/usr/bin/mount", ["--bind", "\(TestHost.names)/stranger", "\(TestHost.pins)/\(session)"])
                #expect(try host.networks.list().map(\.number) == [nil])
                _ = try host.networks.dismantle(session, number: host.nextNumber())
                try host.ip("netns del stranger")
            }
        }
    }
}

extension SessionNetworks.Found {
    /// What the kernel is expected to know.
    init(_ session: SessionID?, number: Int32? = nil, cookie: UInt64? = nil, hasLink: Bool = false) {
        self.init(session: session, number: number, cookie: cookie, hasLink: hasLink)
    }
}
