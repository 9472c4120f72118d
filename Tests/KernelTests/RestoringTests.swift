import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import Testing

@testable import SessionNetwork

/// One way to damage a session's network, as words of `ip`, and what is then said to be made anew.
struct Damage: Sendable, CustomTestStringConvertible {
    let words: [String]
    let mended: String

    init(_ words: String..., mended: String) {
        self.words = words
        self.mended = mended
    }

    var testDescription: String { words.joined(separator: "; ") }

    static let all = [
        Damage("link del eth0", mended: "link 'eth0' with all it has"),
        Damage(
            "link set eth0 down",
            mended: "link 'eth0' up, address fe80::aff:fe4d:65/64, address fd76:6970:6e73::65/64, default route by "
                + "10.77.0.1, default route by fd76:6970:6e73::1, route to 10.9.0.0/16 via 10.77.0.9"),
        Damage("link set lo down", mended: "link 'lo' up"),
        Damage("addr del 10.77.0.101/24 dev eth0", mended: "address 10.77.0.101/24"),
        Damage("addr del fd76:6970:6e73::65/64 dev eth0", mended: "address fd76:6970:6e73::65/64"),
        Damage("route del default", mended: "default route by 10.77.0.1"),
        Damage("-6 route del default", mended: "default route by fd76:6970:6e73::1"),
        Damage("route del 10.9.0.0/16", mended: "route to 10.9.0.0/16 via 10.77.0.9"),
        Damage("route del 10.77.0.0/24", mended: "routes of address 10.77.0.101/24"),
        Damage("route del local 10.77.0.101 table local", mended: "routes of address 10.77.0.101/24"),
        Damage("addr flush dev eth0", mended: "address 10.77.0.101/24"),
    ]
}

/// Making anew what was taken away from a session; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct RestoringTests {
    private static func pair() throws -> SessionLink {
        let plain = try TestHost.link6(101, isPair: true)
        let route = Route(to: try #require(IPPrefix("10.9.0.0/16")), via: try #require(IPAddress("10.77.0.9")))
        return SessionLink(
            parent: plain.parent, mode: plain.mode, mac: plain.mac, addresses: plain.addresses, mtuBytes: 1400,
            routes: [route])
    }

    /// All that `ip` tells of a session's network, in an order of its own.
    ///
    /// But for the operational state, which the kernel settles a while after a link is there.
    private static func contents(_ host: TestHost, _ opened: TestHost.Opened) throws -> [String] {
        try ["-o link", "-o addr", "route", "-6 route", "route show table local", "-6 route show table local"]
            .flatMap {
                try host.ip("-n \(opened.name) \($0)").split(separator: "\n").map {
                    String($0).replacing(/state [A-Z]+/, with: "")
                }.sorted()
            }
    }

    @Test(arguments: Damage.all)
    func `what was taken away is made anew, and nothing else is touched`(damage: Damage) async {
        await #expect(processExitsWith: .success) {
            [words = damage.words as [String], mended = damage.mended as String] in
            try TestHost.run { host in
                let link = try Self.pair()
                let opened = try host.open(link)
                let losses = try DeletionMonitor()
                let before = try Self.contents(host, opened)
                #expect(try host.networks.restore(opened.session, number: opened.number, link: link) == nil)
                #expect(try losses.numbers().isEmpty, "a look takes nothing away")
                for word in words { try host.ip("-n \(opened.name) \(word)") }
                #expect(try losses.numbers() == [opened.number])
                let done = try host.networks.restore(opened.session, number: opened.number, link: link)
                #expect(done?.hasPrefix(mended) == true, "\(done ?? "nothing")")
                let after = try Self.contents(host, opened)
                #expect(after == before, "\(Set(after).symmetricDifference(before))")
                #expect(try host.networks.restore(opened.session, number: opened.number, link: link) == nil)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `what was taken away of a session with many routes is made anew`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let plain = try Self.pair()
                let six = try #require(IPAddress("fd76:6970:6e73::9"))
                let routes = try (1...64).map {
                    Route(to: try #require(IPPrefix("fd00:\($0)::/32")), via: six)
                }
                let link = SessionLink(
                    parent: plain.parent, mode: plain.mode, mac: plain.mac, addresses: plain.addresses, mtuBytes: 1400,
                    routes: routes)
                let opened = try host.open(link)
                let before = try Self.contents(host, opened)
                // The other routes stay: what is missing is little, and all is asked for.
                for words in ["route del 10.77.0.0/24", "-6 route del fd76:6970:6e73::/64"] {
                    try host.ip("-n \(opened.name) \(words)")
                }
                #expect(try host.networks.restore(opened.session, number: opened.number, link: link) != nil)
                let after = try Self.contents(host, opened)
                #expect(after == before, "\(Set(after).symmetricDifference(before))")
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `sessions that come and go wake nobody`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let losses = try DeletionMonitor()
                for last in 1...5 as ClosedRange<UInt8> {
                    let opened = try host.open(try TestHost.link6(100 + last, isPair: true))
                    _ = try host.networks.dismantle(opened.session, number: opened.number)
                    #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                }
                // Kernel < 6.15: the link leaves the host, which is heard and told nobody.
                if KernelVersion.running >= KernelVersion(6, 15) {
                    #expect(losses.withRaw { raw in isReadable(raw, within: 100) } == false)
                }
                #expect(try losses.numbers().isEmpty)
            }
        }
    }

    @Test func `a link that is elsewhere, or in disguise, is not made twice`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let link = try TestHost.link(101)
                func restore() throws -> String? {
                    try host.networks.restore(opened.session, number: opened.number, link: link)
                }
                try host.ip("netns add elsewhere")
                try host.ip("-n \(opened.name) link set eth0 netns elsewhere")
                try host.ip("-n elsewhere link set eth0 up")
                #expect(expectError { _ = try restore() }?.errno == .addressInUse)
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo"])
                // With what is in the way gone, it is made.
                try host.ip("-n elsewhere link del eth0")
                #expect(try restore() == "link 'eth0' with all it has")
                try host.ip("-n \(opened.name) link set eth0 down")
                try host.ip("-n \(opened.name) link set eth0 address 02:00:00:00:00:99 name other up")
                #expect(expectError { _ = try restore() }?.errno == .fileExists)
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo", "other"])
                // It is the session's by its kind, whatever it is called: it goes with it.
                try host.networks.deleteLink(number: opened.number)
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo"])
                try host.ip("netns del elsewhere")
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a route of somebody else's is left, and told`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                try host.ip("-n \(opened.name) route replace default via 10.77.0.2")
                let error = expectError {
                    _ = try host.networks.restore(
                        opened.session, number: opened.number, link: try TestHost.link(101))
                }
                #expect(
                    error?.description.contains("default route by 10.77.0.1") == true, "\(error?.description ?? "")")
                #expect(try host.ip("-n \(opened.name) route").contains("default via 10.77.0.2"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `pins are found whole or not, and pinned again by a process inside`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let sessions = try (101...104 as ClosedRange<UInt8>).map { try host.open($0) }
                let processes = try sessions.map {
                    try host.run("/bin/sh", ["-c", "ip netns exec \($0.name) sleep 60 > /dev/null & echo $!"])
                }
                // The shell does not wait until they are inside.
                for session in sessions {
                    #expect(try eventually { try !host.ip("netns pids \(session.name)").isEmpty })
                }
                #expect(try Set(host.networks.wholePins()) == Set(sessions.map(\.session)))
                try host.run("/usr/bin/umount", [sessions[0].pin])
                try host.run("/usr/bin/rm", ["\(TestHost.names)/\(sessions[1].name)"])
                try host.ip("netns del \(sessions[2].name)")
                #expect(try host.networks.wholePins() == [sessions[3].session])
                let wanted = sessions.map { (session: $0.session, number: $0.number) }
                let pinned = try host.networks.pinAgain(wanted)
                #expect(Set(pinned) == Set(sessions.map(\.session)))
                #expect(try Set(host.networks.wholePins()) == Set(sessions.map(\.session)))
                // The whole directory.
                try host.run("/usr/bin/umount", ["-l", TestHost.pins])
                try host.run("/usr/bin/rm", ["-rf", "/run/vipns"])
                #expect(unsafe mkdir("/run/vipns", 0o755) == 0)
                #expect(try host.networks.preparePinsAgain())
                #expect(try !host.networks.preparePinsAgain())
                #expect(try host.networks.pinAgain(wanted).count == 4)
                for process in processes {
                    try host.run("/usr/bin/kill", [String(process.filter(\.isNumber))])
                }
                for opened in sessions { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }
}
