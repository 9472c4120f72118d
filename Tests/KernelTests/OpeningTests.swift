import Addressing
import Foundation
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import SessionNetwork
import Testing

/// What a session is made of, as `ip` shows it; each test on a host of its own, in a process of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct OpeningTests {
    @Test func `a session has its link, its address, its route and its loopback, and nothing else`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                let links = try host.links(of: opened.name)
                #expect(links.map(\.ifname) == ["lo", "eth0"])
                let lo = try #require(links.first)
                #expect(lo.flags.contains("UP"))
                #expect(lo.addresses == [.init(local: "127.0.0.1", prefixlen: 8), .init(local: "::1", prefixlen: 128)])
                let eth0 = try #require(links.last)
                #expect(eth0.address == "02:00:0a:4d:00:65")
                #expect(eth0.flags.contains("UP") && eth0.flags.contains("LOWER_UP"))
                #expect(eth0.addresses == [.init(local: "10.77.0.101", prefixlen: 24, broadcast: "10.77.0.255")])
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test(arguments: [nil, "10.77.0.101", "fd76::101"] as [String?])
    func `a link is told as it was asked for, by its number alone`(alone: String?) async {
        await #expect(processExitsWith: .success) { [alone] in
            try TestHost.run { host in
                let all = try ["10.77.0.101/24", "fd76::101/64"].map { try #require(IPPrefix($0)) }
                let own = all.filter { alone == nil || $0.address == alone.flatMap { IPAddress($0) } }
                let link = SessionLink(
                    parent: "lan0", mode: .private, mac: MACAddress(virtualIP: own[0].address, farm: 0),
                    addresses: own.map { SessionAddress(prefix: $0, gateway: nil) })
                let opened = try host.open(link)
                #expect(try host.networks.look(number: opened.number) == link)
                // What is taken away is not there, and what holds no link has none to tell.
                try host.ip("-n \(opened.name) addr flush dev eth0")
                #expect(try host.networks.look(number: opened.number) == nil)
                try host.ip("-n \(opened.name) link delete eth0")
                #expect(try host.networks.look(number: opened.number) == nil)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(expectError { _ = try host.networks.look(number: opened.number + 5) } != nil)
            }
        }
    }

    @Test func `the default route goes by the gateway`() async {
        await #expect(processExitsWith: .success) {
            struct Route: Decodable, Hashable {
                let dst: String
                let gateway: String?
                let dev: String
            }
            try TestHost.run { host in
                let opened = try host.open(101)
                let routes = try host.decode([Route].self, try host.ip("netns exec \(opened.name) ip -json route"))
                #expect(
                    Set(routes) == [
                        Route(dst: "default", gateway: "10.77.0.1", dev: "eth0"),
                        Route(dst: "10.77.0.0/24", gateway: nil, dev: "eth0"),
                    ])
                #expect(try host.ip("netns exec \(opened.name) ip -json -6 route").contains("eth0") == false)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `the namespace has our number, a pin that is a mount, and a name`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let opened = try host.open(101)
                #expect(try host.numbers() == [Int(opened.number)])
                #expect(opened.number >= 1 << 20)
                let mounts = try readTextFile("/proc/thread-self/mountinfo").split(separator: "\n")
                #expect(mounts.filter { $0.contains(" \(opened.pin) ") && $0.contains(" - nsfs ") }.count == 1)
                #expect(readSymbolicLink("\(TestHost.names)/\(opened.name)") == opened.pin)
                // The directory is a private mount, closed to others.
                #expect(mounts.filter { $0.contains(" \(TestHost.pins) ") && !$0.contains("shared:") }.count == 1)
                var facts = stat()
                try checked { unsafe stat(TestHost.pins, &facts) }
                #expect(facts.st_mode & 0o777 == 0o700)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    /// Kernel < 6.15 makes it in the host: down, and with a name by which udev and network managers leave it alone.
    @Test func `the host never sees a session's link up, nor one called eth0`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                // RTNLGRP_LINK: every link that comes, changes or goes in the host.
                let events = try NetlinkSocket(groups: [1])
                let opened = try host.open(101)
                #expect(Set(try host.links().map(\.ifname)) == ["lo", "lan0", "p0"])
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                #expect(try eventually { try host.networks.isAlive(opened.number) == false })
                while events.withRaw({ raw in isReadable(raw, within: 100) }) {
                    for message in try events.receive() {
                        let name = message.attributes(afterHeader: 16)?.string(3)
                        // ifinfomsg: ifi_flags at 8, of which IFF_UP is the lowest.
                        let isUp = message.body.number(at: 8, UInt32.self).map { $0 & 1 != 0 }
                        let isFirstName = name == opened.name && isUp == false
                        #expect(isFirstName || ["lo", "lan0", "p0"].contains(name), "\(name ?? "nil")")
                    }
                }
            }
        }
    }

    @Test func `links of the host with the session's name and with low indexes are in nobody's way`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                for name in ["eth0", "eth1"] { try host.ip("link add \(name) type veth peer name \(name)p") }
                let first = try host.open(101)
                let second = try host.open(102)
                for opened in [first, second] {
                    #expect(try host.links(of: opened.name).map(\.ifname) == ["lo", "eth0"])
                }
                // The same when the link is made anew.
                try host.ip("-n \(first.name) link delete eth0")
                let link = try TestHost.link(101)
                #expect(try host.networks.restore(first.session, number: first.number, link: link) != nil)
                #expect(try host.links(of: first.name).map(\.ifname) == ["lo", "eth0"])
                for opened in [first, second] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
                for name in ["eth0", "eth1"] { try host.ip("link delete \(name)") }
            }
        }
    }

    @Test func `a session without link has a loopback alone`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let session = SessionID.random()
                let number = host.nextNumber()
                _ = try host.networks.make(session, number: number)
                _ = try host.networks.connect(session, link: nil)
                let links = try host.links(of: "vipns-\(session)")
                #expect(links.map(\.ifname) == ["lo"])
                #expect(links.first?.flags.contains("UP") == true)
                _ = try host.networks.dismantle(session, number: number)
            }
        }
    }

    @Test func `the cookie is the namespace's own, and the descriptor is the pinned namespace`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let session = SessionID.random()
                let number = host.nextNumber()
                let cookie = try host.networks.make(session, number: number)
                let descriptor = try host.networks.connect(session, link: try TestHost.link(101))
                let identity = try descriptor.identity()
                #expect(try identity == FileIdentity(path: "\(TestHost.pins)/\(session)"))
                let namespace = try NetworkNamespace(received: descriptor)
                let inside = try namespace.cookie()
                #expect(inside == cookie)
                #expect(try NetworkNamespace.cookieOfCallingThread() != cookie)
                _ = try host.networks.dismantle(session, number: number)
            }
        }
    }

    @Test func `siblings reach each other in bridge mode, and the neighbour reaches both`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let first = try host.open(101)
                let second = try host.open(102)
                let gateway = IPAddress(ipv4: 0x0a4d_0001)
                let address = IPAddress(ipv4: 0x0a4d_0066)
                try host.expectReachable(first, second, at: address, gateway: gateway)
                for opened in [first, second] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }
}

/// Whether a descriptor that belongs to somebody else becomes readable within `milliseconds`; poll(2).
func isReadable(_ raw: Int32, within milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, milliseconds) > 0
}
