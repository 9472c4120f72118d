import Addressing
import Neighbors
import Testing

/// The checksums were computed apart from this code.
struct NDFrameTests {
    private let address = IPAddress(ipv6: 0xfd76_6970_6e73_0000_0000_0000_0000_0101)
    private let gateway = IPAddress(ipv6: 0xfd76_6970_6e73_0000_0000_0000_0000_0001)

    private func mac() throws -> MACAddress { try #require(MACAddress("02:00:0a:4d:00:65")) }

    @Test func `an announcement is an advertisement that overrides`() throws {
        let frame = try #require(NDFrame.announcement(of: address, at: try mac()))
        // swift-format-ignore
        #expect(frame.octets == [
            0x33, 0x33, 0x00, 0x00, 0x00, 0x01,                                     // to ff02::1
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65,                                     // from the session's MAC address
            0x86, 0xdd,                                                             // IPv6
            0x60, 0, 0, 0, 0, 32, 58, 255,                                          // 32 octets of ICMPv6, hop limit 255
            0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, // source: the address
            0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01,                // destination: all nodes
            136, 0, 0x9d, 0x36,                                                     // neighbour advertisement, checksum
            0x20, 0, 0, 0,                                                          // override, not solicited, no router
            0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, // target: the address
            2, 1, 0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65,                               // option: target's MAC address
        ])
    }

    @Test func `a solicitation asks for another address in the session's name`() throws {
        let frame = try #require(NDFrame.solicitation(for: gateway, from: address, at: try mac()))
        // swift-format-ignore
        #expect(frame.octets == [
            0x33, 0x33, 0xff, 0x00, 0x00, 0x01,                                     // to the gateway's group
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65,                                     // from the session's MAC address
            0x86, 0xdd,                                                             // IPv6
            0x60, 0, 0, 0, 0, 32, 58, 255,                                          // 32 octets of ICMPv6, hop limit 255
            0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, // source: the address
            0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff, 0x00, 0x00, 0x01,    // destination: ff02::1:ff00:1
            135, 0, 0xc1, 0x34,                                                     // neighbour solicitation, checksum
            0, 0, 0, 0,                                                             // reserved
            0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x00, 0x01, // target: the gateway
            1, 1, 0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65,                               // option: source's MAC address
        ])
    }

    @Test func `IPv4 has no Neighbor Discovery`() throws {
        let four = IPAddress(ipv4: 0x0a4d_0065)
        #expect(NDFrame.announcement(of: four, at: try mac()) == nil)
        #expect(NDFrame.solicitation(for: four, from: four, at: try mac()) == nil)
        #expect(NDFrame.solicitation(for: address, from: four, at: try mac()) == nil)
        #expect(NDFrame.solicitation(for: four, from: address, at: try mac()) == nil)
    }

    @Test func `each family is announced by its own protocol, and the gateway is asked last`() throws {
        let four = IPAddress(ipv4: 0x0a4d_0065)
        let router = IPAddress(ipv4: 0x0a4d_0001)
        let mac = try mac()
        #expect(
            Announcement.frames(of: four, at: mac, gateway: router).map(\.octets)
                == [ARPFrame.announcement(of: four, at: mac), ARPFrame.request(for: router, from: four, at: mac)].map {
                    $0?.octets
                })
        #expect(
            Announcement.frames(of: address, at: mac, gateway: gateway).map(\.octets)
                == [
                    NDFrame.announcement(of: address, at: mac),
                    NDFrame.solicitation(for: gateway, from: address, at: mac),
                ].map { $0?.octets })
        #expect(Announcement.frames(of: address, at: mac, gateway: nil).count == 1)
    }
}
