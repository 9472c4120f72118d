import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import Testing

@testable import SessionNetwork

/// Sessions with an IPv6 address, alone or beside one of IPv4; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct PairTests {
    @Test(arguments: [true, false])
    func `a session has its addresses, the link-local one of its MAC address, and nothing else`(isPair: Bool) async {
        await #expect(processExitsWith: .success) { [isPair] in
            try TestHost.run { host in
                let opened = try host.open(try TestHost.link6(101, isPair: isPair))
                let links = try host.links(of: opened.name)
                #expect(links.map(\.ifname) == ["lo", "eth0"])
                #expect(
                    links.first?.addresses
                        == [.init(local: "127.0.0.1", prefixlen: 8), .init(local: "::1", prefixlen: 128)])
                let eth0 = try #require(links.last)
                #expect(eth0.address == (isPair ? "02:00:0a:4d:00:65" : "02:00:f6:13:cf:db"), "\(eth0.address ?? "")")
                let mac = try #require(eth0.address.flatMap { MACAddress($0) })
                let six: Set<TestHost.Address> = [
                    .init(local: "fd76:6970:6e73::65", prefixlen: 64),
                    .init(local: mac.linkLocalAddress.description, prefixlen: 64),
                ]
                let four: Set<TestHost.Address> = [
                    .init(local: "10.77.0.101", prefixlen: 24, broadcast: "10.77.0.255")
                ]
                #expect(eth0.addresses == (isPair ? six.union(four) : six))
                // Usable at once: duplicate detection would keep it tentative for a second.
                #expect(try host.ip("netns exec \(opened.name) ip addr").contains("tentative") == false)
                #expect(eth0.flags.contains("UP") && eth0.flags.contains("LOWER_UP"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `the link-local address is set before the first one of IPv6`() throws {
        let pair = SessionNetworks.prefixes(of: try TestHost.link6(101, isPair: true)).map(\.description)
        #expect(pair == ["10.77.0.101/24", "fe80::aff:fe4d:65/64", "fd76:6970:6e73::65/64"])
        let alone = SessionNetworks.prefixes(of: try TestHost.link6(101, isPair: false)).map(\.description)
        #expect(alone == ["fe80::f6ff:fe13:cfdb/64", "fd76:6970:6e73::65/64"])
        #expect(SessionNetworks.prefixes(of: try TestHost.link(101)).map(\.description) == ["10.77.0.101/24"])
    }

    @Test(arguments: [true, false])
    func `each family has the default route of its gateway`(isPair: Bool) async {
        await #expect(processExitsWith: .success) { [isPair] in
            try TestHost.run { host in
                let opened = try host.open(try TestHost.link6(101, isPair: isPair))
                let inside = "netns exec \(opened.name) ip -json"
                #expect(
                    try Set(host.decode([RouteRow].self, try host.ip("\(inside) -6 route")))
                        == [
                            .init(dst: "default", gateway: "fd76:6970:6e73::1"), .init(dst: "fd76:6970:6e73::/64"),
                            .init(dst: "fe80::/64"),
                        ])
                #expect(
                    try Set(host.decode([RouteRow].self, try host.ip("\(inside) route")))
                        == (isPair ? [.init(dst: "default", gateway: "10.77.0.1"), .init(dst: "10.77.0.0/24")] : []))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `as many routes of both families as there may be, and a link-local gateway`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let plain = try TestHost.link6(101, isPair: true, hasGateway: false)
                let router = try #require(IPAddress("fe80::1"))
                let routes = try (1...SessionLink.mostRoutes).flatMap {
                    [
                        Route(
                            to: try #require(IPPrefix("10.\($0 + 100).0.0/16")),
                            via: try #require(IPAddress("10.77.0.9"))),
                        Route(to: try #require(IPPrefix("2001:db8:\($0)::/48")), via: router),
                    ]
                }
                let addresses =
                    plain.addresses.prefix(1)
                    + plain.addresses.dropFirst().map { .init(prefix: $0.prefix, gateway: router) }
                let opened = try host.open(
                    SessionLink(
                        parent: plain.parent, mode: plain.mode, mac: plain.mac, addresses: Array(addresses),
                        mtuBytes: 1280, routes: routes))
                let inside = "netns exec \(opened.name) ip -json"
                let rows = try host.decode([RouteRow].self, try host.ip("\(inside) -6 route"))
                #expect(rows.filter { $0.gateway == "fe80::1" }.count == SessionLink.mostRoutes + 1)
                #expect(rows.contains(RouteRow(dst: "2001:db8:64::/48", gateway: "fe80::1")))
                #expect(rows.contains(RouteRow(dst: "default", gateway: "fe80::1")))
                let four = try host.decode([RouteRow].self, try host.ip("\(inside) route"))
                #expect(four.filter { $0.gateway == "10.77.0.9" }.count == SessionLink.mostRoutes)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `siblings and the neighbour are reached, and reach the session`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.carryIPv6()
                let first = try host.open(try TestHost.link6(101, isPair: true))
                let second = try host.open(try TestHost.link6(102, isPair: false))
                let gateway = IPAddress(ipv6: TestHost.network6 | 1)
                let address = IPAddress(ipv6: TestHost.network6 | 102)
                try host.expectReachable(first, second, at: address, gateway: gateway)
                for opened in [first, second] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }

    @Test func `a parent link that goes down and up takes nothing of it`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.carryIPv6()
                let opened = try host.open(try TestHost.link6(101, isPair: true))
                let before = try host.links(of: opened.name)
                let routes = try host.ip("netns exec \(opened.name) ip -6 route")
                try host.ip("link set lan0 down")
                try host.ip("link set lan0 up")
                let listener = try TCPSocket.listen(port: 7, .ipv6)
                _ = try host.join(opened).run { () throws(Errno) in
                    DescriptorBox(try TCPSocket.connect(to: IPAddress(ipv6: TestHost.network6 | 1), port: 7))
                }
                #expect(try host.links(of: opened.name) == before)
                #expect(try host.ip("netns exec \(opened.name) ip -6 route") == routes)
                try listener.close()
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a setting that every session has is refused to a pool`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let name = try #require(NetworkSettingName("net.ipv6.conf.default.stable_secret"))
                let setting = try #require(NetworkSetting(name, "fd00::1"))
                let preparations = [NamespacePreparation(settings: [setting]), NamespacePreparation(inherited: [name])]
                for preparation in preparations {
                    let error = expectError {
                        _ = try host.networks.make(.random(), number: host.nextNumber(), preparation: preparation)
                    }
                    #expect(
                        error?.description == """
                            cannot set 'net.ipv6.conf.default.stable_secret' in a session: Operation not permitted \
                            (every session gets it from vipns itself)
                            """, "\(error?.description ?? "")")
                }
                #expect(try host.numbers().isEmpty)
            }
        }
    }

    @Test func `an MTU too small for IPv6 is said to be so`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let plain = try TestHost.link6(101, isPair: true)
                let small = SessionLink(
                    parent: plain.parent, mode: plain.mode, mac: plain.mac, addresses: plain.addresses, mtuBytes: 1279)
                let first = try host.make()
                let asked = expectError { _ = try host.networks.connect(first.session, link: small) }
                #expect(
                    asked?.description == """
                        cannot add address fe80::aff:fe4d:65/64 to link 'eth0': Invalid argument (IPv6 needs an MTU of \
                        1280 at least)
                        """, "\(asked?.description ?? "")")
                _ = try host.networks.dismantle(first.session, number: first.number)
                #expect(try eventually { try host.networks.isAlive(first.number) == false })
                try host.ip("link set lan0 mtu 1279")
                let second = try host.make()
                let other = try TestHost.link6(102, isPair: true)
                let found = expectError { _ = try host.networks.connect(second.session, link: other) }
                #expect(
                    found?.description.contains("(IPv6 needs an MTU of 1280 at least)") == true,
                    "\(found?.description ?? "")")
                _ = try host.networks.dismantle(second.session, number: second.number)
            }
        }
    }
}

/// A route as `ip -json` shows it.
private struct RouteRow: Decodable, Hashable {
    let dst: String
    let gateway: String?

    init(dst: String, gateway: String? = nil) {
        self.dst = dst
        self.gateway = gateway
    }
}
