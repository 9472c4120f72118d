import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Neighbors
import Netlink
import SessionNetwork
import Testing

/// What the LAN sees of a session that opens; on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct AnnouncementTests {
    @Test func `the neighbour sees the announcement, then a request for the gateway`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let link = try TestHost.link(101)
                let address = try #require(link.addresses.first?.address)
                let wire = try Wire(on: "p0", etherType: ARPFrame.etherType)
                let opened = try host.open(101)
                let gateway = try #require(link.addresses.first?.gateway)
                let expected = [
                    ARPFrame.announcement(of: address, at: link.mac),
                    ARPFrame.request(for: gateway, from: address, at: link.mac),
                ]
                var seen: [[UInt8]] = []
                while seen.count < 2, let frame = try wire.next(within: 10_000) { seen.append(Array(frame.prefix(42))) }
                #expect(seen == expected.compactMap { $0?.octets })
                // And so the neighbour knows the way, though the session itself has not sent anything.
                #expect(try host.ip("neigh show 10.77.0.101 dev p0").contains("lladdr 02:00:0a:4d:00:65"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `frames are refused on a link that is down or not there`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let link = try TestHost.link(101)
                let address = try #require(link.addresses.first?.address)
                guard let frame = ARPFrame.announcement(of: address, at: link.mac) else { return }
                let socket = try PacketSocket()
                let index = try #require(try host.links().first { $0.ifname == "lan0" }?.ifindex)
                try host.ip("link set lan0 down")
                #expect(throws: Errno(rawValue: ENETDOWN)) { try socket.send(frame, onLink: Int32(index)) }
                #expect(throws: Errno(rawValue: ENXIO)) { try socket.send(frame, onLink: 9999) }
            }
        }
    }
}
