import Addressing
import CLinux
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
                let wire = try listen(on: "p0")
                let opened = try host.open(101)
                let gateway = try #require(link.addresses.first?.gateway)
                let expected = [
                    ARPFrame.announcement(of: address, at: link.mac),
                    ARPFrame.request(for: gateway, from: address, at: link.mac),
                ]
                var seen: [[UInt8]] = []
                while seen.count < 2, wire.isReadable(within: 1000) {
                    seen.append(Array(try receive(from: wire).prefix(42)))
                }
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

/// One frame.
private func receive(from wire: borrowing OwnedDescriptor) throws -> ArraySlice<UInt8> {
    var frame = [UInt8](repeating: 0, count: 2048)
    let raw = wire.withRaw { $0 }
    let size = try checked { unsafe read(raw, &frame, frame.count) }
    return frame.prefix(size)
}

/// A packet socket that receives every ARP frame that arrives at a link; packet(7).
private func listen(on link: String) throws -> OwnedDescriptor {
    let arp = UInt16(ETH_P_ARP).bigEndian
    let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    let socket = OwnedDescriptor(adopting: try checked { Glibc.socket(AF_PACKET, type, 0) })
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    address.sll_protocol = arp
    address.sll_ifindex = Int32(unsafe if_nametoindex(link))
    let raw = socket.withRaw { $0 }
    try checked {
        unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
            }
        }
    }
    return socket
}
