import Addressing
import Glibc
import KernelSupport
import LinuxSystem
import Neighbors
import SessionNetwork
import Testing

/// An address that another machine on the LAN has as well; on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct ClaimTests {
    @Test func `whoever answers for a session's address is told, once`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.ip("addr add 10.77.0.101/24 dev p0")
                let opened = try host.open(101)
                #expect(host.hasClaims(within: 5000))
                let claims = host.networks.claims()
                let neighbour = try #require(try host.links().first { $0.ifname == "p0" }?.address)
                #expect(claims.map(\.address) == [IPAddress(ipv4: 0x0a4d_0065)])
                #expect(claims.map { $0.mac.description } == [neighbour])
                #expect(host.networks.claims().isEmpty)
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    @Test func `neither a session of this host nor a free address is a claim`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let first = try host.open(101)
                let second = try host.open(102)
                // Sessions of one parent link answer each other, and the gateway answers both.
                try host.ip("netns exec vipns-\(first.session) ping -c 1 -W 5 10.77.0.102")
                #expect(!host.hasClaims(within: 500))
                #expect(host.networks.claims().isEmpty)
                for opened in [first, second] {
                    _ = try host.networks.dismantle(opened.session, number: opened.number)
                }
            }
        }
    }

    @Test func `only replies that were asked for count`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                var probes = try AddressProbes()
                let index = try #require(try host.links().first { $0.ifname == "p0" }?.ifindex)
                let mac = try #require(MACAddress("02:00:00:00:00:99"))
                let socket = try PacketSocket()
                for frame in [Reply(of: 0x0a4d_0066, at: mac), Reply(of: 0x0a4d_0067, at: mac)] {
                    try socket.send(frame, onLink: Int32(index))
                }
                usleep(100_000)
                #expect(probes.claims().isEmpty)
                let lan = try #require(try host.links().first { $0.ifname == "lan0" }?.ifindex)
                try probes.ask(for: IPAddress(ipv4: 0x0a4d_0066), onLink: "lan0", index: Int32(lan), by: socket)
                // A reply with another protocol, one that is cut, one for somebody else, then the answer.
                for frame in [
                    Reply(of: 0x0a4d_0066, at: mac, change: (18, 8)), Reply(of: 0x0a4d_0066, at: mac, length: 40),
                    Reply(of: 0x0a4d_0067, at: mac), Reply(of: 0x0a4d_0066, at: mac), Reply(of: 0x0a4d_0066, at: mac),
                ] {
                    try socket.send(frame, onLink: Int32(index))
                }
                usleep(100_000)
                let claims = probes.claims()
                #expect(claims.map(\.address) == [IPAddress(ipv4: 0x0a4d_0066)] && claims.map(\.mac) == [mac])
            }
        }
    }
}

/// An ARP reply to everybody, whole or with one octet changed, or cut.
private struct Reply: EthernetFrame {
    static let etherType = ARPFrame.etherType
    let octets: [UInt8]

    init(of address: UInt32, at mac: MACAddress, change: (place: Int, octet: UInt8)? = nil, length: Int = 42) {
        let addresses = mac.octets + IPAddress(ipv4: address).octets
        var octets = [UInt8](repeating: 0xff, count: 6) + mac.octets
        octets += [0x08, 0x06, 0x00, 0x01, 0x08, 0x00, 6, 4, 0x00, 0x02] + addresses + addresses
        if let change { octets[change.place] = change.octet }
        self.octets = Array(octets.prefix(length))
    }
}

extension TestHost {
    fileprivate func hasClaims(within milliseconds: Int32) -> Bool {
        var entry = networks.withRawProbes { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        return unsafe poll(&entry, 1, milliseconds) == 1
    }
}
