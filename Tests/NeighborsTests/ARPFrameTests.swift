import Addressing
import Neighbors
import Testing

struct ARPFrameTests {
    private let address = IPAddress(ipv4: 0x0a4d_0065)
    private let gateway = IPAddress(ipv4: 0x0a4d_0001)

    private func mac() throws -> MACAddress { try #require(MACAddress("02:00:0a:4d:00:65")) }

    @Test func `an announcement asks for the address that it comes from`() throws {
        let frame = try #require(ARPFrame.announcement(of: address, at: try mac()))
        // swift-format-ignore
        #expect(frame.octets == [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // to everybody
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // from the session's MAC address
            0x08, 0x06,                         // ARP
            0x00, 0x01, 0x08, 0x00, 6, 4,       // Ethernet, IPv4, sizes of their addresses
            0x00, 0x01,                         // request
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // sender's MAC address
            10, 77, 0, 101,                     // sender's address
            0, 0, 0, 0, 0, 0,                   // MAC address asked for
            10, 77, 0, 101,                     // address asked for: the sender's own
        ])
    }

    @Test func `a request asks for another address in the session's name`() throws {
        let frame = try #require(ARPFrame.request(for: gateway, from: address, at: try mac()))
        // swift-format-ignore
        #expect(frame.octets == [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // to everybody
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // from the session's MAC address
            0x08, 0x06,                         // ARP
            0x00, 0x01, 0x08, 0x00, 6, 4,       // Ethernet, IPv4, sizes of their addresses
            0x00, 0x01,                         // request
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // sender's MAC address
            10, 77, 0, 101,                     // sender's address
            0, 0, 0, 0, 0, 0,                   // MAC address asked for
            10, 77, 0, 1,                       // address asked for: the gateway's
        ])
    }

    @Test func `a probe tells nobody's address`() throws {
        let frame = try #require(ARPFrame.probe(for: address, from: try mac()))
        // swift-format-ignore
        #expect(frame.octets == [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // to everybody
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // from whoever asks
            0x08, 0x06,                         // ARP
            0x00, 0x01, 0x08, 0x00, 6, 4,       // Ethernet, IPv4, sizes of their addresses
            0x00, 0x01,                         // request
            0x02, 0x00, 0x0a, 0x4d, 0x00, 0x65, // where the answer goes
            0, 0, 0, 0,                         // no address: neighbours learn nothing
            0, 0, 0, 0, 0, 0,                   // MAC address asked for
            10, 77, 0, 101,                     // address asked for
        ])
    }

    @Test func `IPv6 has no ARP`() throws {
        let six = try #require(IPAddress("2001:db8::1"))
        #expect(ARPFrame.announcement(of: six, at: try mac()) == nil)
        #expect(ARPFrame.probe(for: six, from: try mac()) == nil)
        #expect(ARPFrame.request(for: six, from: six, at: try mac()) == nil)
        #expect(ARPFrame.request(for: address, from: six, at: try mac()) == nil)
        #expect(ARPFrame.request(for: six, from: address, at: try mac()) == nil)
    }
}
