import Addressing
import CLinux
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import SessionNetwork
import Testing

@testable import Neighbors

/// What the LAN hears of a session with IPv6, and what the session does not listen to; each on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct NeighborDiscoveryTests {
    @Test func `the neighbour sees an advertisement, then a solicitation for the gateway`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.carryIPv6()
                let link = try TestHost.link6(101, isPair: true)
                let six = try #require(link.addresses.last)
                let wire = try Wire(on: "p0", etherType: NDFrame.etherType)
                let opened = try host.open(link)
                let expected = Announcement.frames(of: six.address, at: link.mac, gateway: six.gateway).map(\.octets)
                #expect(expected.count == 2)
                var seen: [[UInt8]] = []
                while seen.count < 2, let frame = try wire.next(within: 10_000) {
                    guard let type = ICMPv6Frame(frame)?.type, (133...137).contains(type) else { continue }
                    seen.append(Array(frame.prefix(86)))
                }
                #expect(seen == expected)
                // And so the neighbour knows the way, though the session itself has not sent anything.
                #expect(try host.ip("neigh show fd76:6970:6e73::65 dev p0").contains("lladdr 02:00:0a:4d:00:65"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a neighbour that had another MAC address for it has the new one`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.carryIPv6()
                try host.ip("neigh add fd76:6970:6e73::65 lladdr 02:00:00:00:00:07 dev p0 nud stale")
                // Without a gateway there is no solicitation, which would tell as well.
                let opened = try host.open(try TestHost.link6(101, isPair: true, hasGateway: false))
                #expect(
                    try eventually {
                        try host.ip("neigh show fd76:6970:6e73::65 dev p0").contains("lladdr 02:00:0a:4d:00:65")
                    })
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `a listener's reports come from the session's link-local address`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let wire = try Wire(on: "p0", etherType: NDFrame.etherType)
                let opened = try host.open(try TestHost.link6(101, isPair: false, hasGateway: false))
                var reports: [ICMPv6Frame] = []
                // The kernel spreads them over a second or two.
                while let frame = try wire.next(within: 2500) {
                    guard let report = ICMPv6Frame(frame), report.type == 143 else { continue }
                    reports.append(report)
                }
                let links = try host.links(of: opened.name)
                let own = links.last?.addresses.map(\.local).filter { $0.hasPrefix("fe80:") } ?? []
                #expect(Set(reports.map(\.source)) == Set(own) && own.count == 1)
                // That of the address itself: fd76:6970:6e73::65 ends with 65.
                #expect(reports.flatMap(\.groups).contains("ff02::1:ff00:65"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test(arguments: [true, false])
    func `a router's advertisement gives a session nothing`(isPair: Bool) async {
        await #expect(processExitsWith: .success) { [isPair] in
            try TestHost.run { host in
                // The parent link takes it: so it is one that works, and it has arrived.
                for (name, value) in [("accept_ra", "1"), ("disable_ipv6", "0")] {
                    try writeFile("/proc/sys/net/ipv6/conf/lan0/\(name)", value)
                }
                let opened = try host.open(try TestHost.link6(101, isPair: isPair))
                let addresses = try host.links(of: opened.name)
                let routes = try host.ip("netns exec \(opened.name) ip -6 route show table all")
                let socket = try PacketSocket()
                let port = Int32(unsafe if_nametoindex("p0"))
                let advertisement = try #require(RouterAdvertisement())
                #expect(
                    try eventually {
                        try socket.send(advertisement, onLink: port)
                        return try host.ip("addr show lan0").contains("2001:db8:bad:")
                    })
                #expect(try host.links(of: opened.name) == addresses)
                #expect(try host.ip("netns exec \(opened.name) ip -6 route show table all") == routes)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }
}

/// A router that offers 2001:db8:bad::/64 to whoever forms addresses by itself; RFC 4861 §4.2.
private struct RouterAdvertisement: EthernetFrame {
    static let etherType = NDFrame.etherType
    let octets: [UInt8]

    init?() {
        let router = IPAddress(ipv6: 0xfe80 << 112 | 0xbad)
        let prefix = IPAddress(ipv6: 0x2001_0db8_0bad << 80)
        let forever: [UInt8] = [0, 0, 0x0e, 0x10]
        // Type 134, hop limit 64, a lifetime of 1800 s; option 3: /64, on-link and autonomous.
        let message: [UInt8] =
            [134, 0, 0, 0, 64, 0, 0x07, 0x08] + [UInt8](repeating: 0, count: 8) + [3, 4, 64, 0xc0] + forever + forever
            + [0, 0, 0, 0] + prefix.octets
        guard let mac = MACAddress("02:00:00:00:0b:ad"),
            let frame = NDFrame(message, from: router, at: mac, to: IPAddress(ipv6: 0xff02 << 112 | 1))
        else { return nil }
        octets = frame.octets
    }
}
