import Addressing
import Netlink
import Testing

/// The one datagram that connects a session, octet by octet; numbers are in host order, little-endian.
struct SessionBatchTests {
    /// The same calls, in the same order, as SessionNetworks makes for `connect`.
    private func batch() throws -> NetlinkRequest {
        var request = NetlinkRequest(capacity: 1024)
        request.assignNumber(0, toNamespace: 7)
        request.createMacvlan(
            name: "eth0", temporaryName: "vipns-abcdefgh", index: 0x100_0001,
            mac: try #require(MACAddress("02:00:0a:4d:00:65")), parentIndex: 3,
            parentNamespace: 0, parentName: "lan0", mode: .bridge)
        request.setLink(index: 1, name: "lo", up: true)
        request.addAddress(try #require(IPPrefix("10.77.0.101/24")), linkIndex: 0x100_0001, linkName: "eth0")
        request.addDefaultRoute(gateway: try #require(IPAddress("10.77.0.1")), linkIndex: 0x100_0001)
        return request
    }

    // swift-format-ignore
    private static let number: [UInt8] = [
        36, 0, 0, 0, 88, 0, 0x05, 0, 1, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWNSID, REQUEST ACK, sequence 1
        0, 0, 0, 0,                                          // rtgenmsg
        8, 0, 1, 0, 0, 0, 0, 0,                              // NETNSA_NSID 0
        8, 0, 3, 0, 7, 0, 0, 0,                              // NETNSA_FD 7
    ]

    // swift-format-ignore
    private static let macvlan: [UInt8] = [
        108, 0, 0, 0, 16, 0, 0x05, 0x06, 2, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWLINK, REQUEST ACK EXCL CREATE, sequence 2
        0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg: index 2^24 + 1, no flags: it is down
        19, 0, 3, 0, 0x76, 0x69, 0x70, 0x6e, 0x73, 0x2d,         // IFLA_IFNAME "vipns-abcdefgh"
        0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0, 0,
        10, 0, 1, 0, 0x02, 0, 0x0a, 0x4d, 0, 0x65, 0, 0,         // IFLA_ADDRESS
        8, 0, 5, 0, 3, 0, 0, 0,                                  // IFLA_LINK 3
        8, 0, 37, 0, 0, 0, 0, 0,                                 // IFLA_LINK_NETNSID 0
        28, 0, 18, 0x80,                                         // IFLA_LINKINFO, nested
        12, 0, 1, 0, 0x6d, 0x61, 0x63, 0x76, 0x6c, 0x61, 0x6e, 0, //   IFLA_INFO_KIND "macvlan"
    ]

    // swift-format-ignore
    private static let macvlanMode: [UInt8] = [
        12, 0, 2, 0x80,                                          //   IFLA_INFO_DATA, nested
        8, 0, 1, 0, 4, 0, 0, 0,                                  //     IFLA_MACVLAN_MODE bridge
    ]

    // swift-format-ignore
    private static let naming: [UInt8] = [
        44, 0, 0, 0, 19, 0, 0x05, 0, 3, 0, 0, 0, 0, 0, 0, 0, // RTM_SETLINK, REQUEST ACK, sequence 3
        0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0,      // ifinfomsg: index 2^24 + 1, flags IFF_UP, change IFF_UP
        9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0,      // IFLA_IFNAME "eth0"
    ]

    // swift-format-ignore
    private static let loopback: [UInt8] = [
        32, 0, 0, 0, 19, 0, 0x05, 0, 4, 0, 0, 0, 0, 0, 0, 0, // RTM_SETLINK, REQUEST ACK, sequence 4
        0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0,      // ifinfomsg: index 1, flags IFF_UP, change IFF_UP
    ]

    // swift-format-ignore
    private static let address: [UInt8] = [
        48, 0, 0, 0, 20, 0, 0x05, 0x06, 5, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWADDR, REQUEST ACK EXCL CREATE, sequence 5
        2, 24, 0, 0, 1, 0, 0, 1,                                // ifaddrmsg: AF_INET, /24, index 2^24 + 1
        8, 0, 2, 0, 10, 77, 0, 101,                             // IFA_LOCAL
        8, 0, 1, 0, 10, 77, 0, 101,                             // IFA_ADDRESS
        8, 0, 4, 0, 10, 77, 0, 255,                             // IFA_BROADCAST
    ]

    // swift-format-ignore
    private static let route: [UInt8] = [
        44, 0, 0, 0, 24, 0, 0x05, 0x06, 6, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWROUTE, REQUEST ACK EXCL CREATE, sequence 6
        2, 0, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0,                   // rtmsg: AF_INET, main, static, universe, unicast, onlink
        8, 0, 5, 0, 10, 77, 0, 1,                               // RTA_GATEWAY
        8, 0, 4, 0, 1, 0, 0, 1,                                 // RTA_OIF 2^24 + 1
    ]

    @Test func `a session is connected by six messages in one datagram`() throws {
        let octets = try batch().octets
        let expected =
            Self.number + Self.macvlan + Self.macvlanMode + Self.naming + Self.loopback + Self.address + Self.route
        #expect(octets == expected)
    }

    @Test func `every message says what it is for`() throws {
        let purposes = try batch().purposes
        #expect(
            purposes == [
                "number a network namespace 0",
                "create macvlan 'eth0' with MAC address 02:00:0a:4d:00:65 on parent link 'lan0'",
                "create macvlan 'eth0' with MAC address 02:00:0a:4d:00:65 on parent link 'lan0'",
                "set link 'lo' up",
                "add address 10.77.0.101/24 to link 'eth0'",
                "add default route by gateway 10.77.0.1",
            ])
    }

    @Test func `an MTU stands before the parent link`() throws {
        var request = NetlinkRequest()
        request.createMacvlan(
            name: "eth0", temporaryName: "vipns-abcdefgh", index: 0x100_0001,
            mac: try #require(MACAddress("02:00:0a:4d:00:65")), parentIndex: 3,
            parentNamespace: 0, parentName: "lan0", mode: .bridge, mtuBytes: 1400)
        let octets = request.octets ?? []
        try #require(octets.count > 80)
        // swift-format-ignore
        #expect(Array(octets[52..<80]) == [
            10, 0, 1, 0, 0x02, 0, 0x0a, 0x4d, 0, 0x65, 0, 0, // IFLA_ADDRESS
            8, 0, 4, 0, 0x78, 0x05, 0, 0,                    // IFLA_MTU 1400
            8, 0, 5, 0, 3, 0, 0, 0,                          // IFLA_LINK 3
        ])
        let purposes = request.purposes
        #expect(
            Set(purposes) == [
                "create macvlan 'eth0' with MAC address 02:00:0a:4d:00:65 and MTU 1400 on parent link 'lan0'"
            ])
    }

    @Test func `a route to one network names it`() throws {
        var request = NetlinkRequest()
        let route = Route(to: try #require(IPPrefix("10.2.0.0/16")), via: try #require(IPAddress("10.77.0.9")))
        request.addRoute(route, linkIndex: 0x100_0001)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            52, 0, 0, 0, 24, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWROUTE, REQUEST ACK EXCL CREATE, sequence 1
            2, 16, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0,                  // rtmsg: AF_INET, /16, main, static, universe, onlink
            8, 0, 1, 0, 10, 2, 0, 0,                                // RTA_DST
            8, 0, 5, 0, 10, 77, 0, 9,                               // RTA_GATEWAY
            8, 0, 4, 0, 1, 0, 0, 1,                                 // RTA_OIF 2^24 + 1
        ])
        let purposes = request.purposes
        #expect(purposes == ["add route to 10.2.0.0/16 by gateway 10.77.0.9"])
    }

    @Test func `an IPv6 address is usable at once`() throws {
        var request = NetlinkRequest()
        request.addAddress(try #require(IPPrefix("fd76:6970:6e73::101/64")), linkIndex: 0x100_0001, linkName: "eth0")
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            64, 0, 0, 0, 20, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,                               // RTM_NEWADDR, REQUEST ACK EXCL CREATE
            10, 64, 0x02, 0, 1, 0, 0, 1,                                                          // ifaddrmsg: AF_INET6, /64, IFA_F_NODAD, index 2^24 + 1
            20, 0, 2, 0, 0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, // IFA_LOCAL
            20, 0, 1, 0, 0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0x01, // IFA_ADDRESS
        ])
    }

    @Test func `a route's family is its gateway's`() throws {
        var request = NetlinkRequest()
        let gateway = try #require(IPAddress("fe80::1"))
        request.addDefaultRoute(gateway: gateway, linkIndex: 0x100_0001)
        request.addRoute(Route(to: try #require(IPPrefix("2001:db8:2::/48")), via: gateway), linkIndex: 0x100_0001)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            56, 0, 0, 0, 24, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,               // RTM_NEWROUTE, REQUEST ACK EXCL CREATE
            10, 0, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0,                                // rtmsg: AF_INET6, main, static, universe, onlink
            20, 0, 5, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, // RTA_GATEWAY
            8, 0, 4, 0, 1, 0, 0, 1,                                               // RTA_OIF 2^24 + 1
            76, 0, 0, 0, 24, 0, 0x05, 0x06, 2, 0, 0, 0, 0, 0, 0, 0,               // RTM_NEWROUTE
            10, 48, 0, 0, 254, 4, 0, 1, 4, 0, 0, 0,                               // rtmsg: AF_INET6, /48
            20, 0, 1, 0, 0x20, 0x01, 0x0d, 0xb8, 0, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, // RTA_DST
            20, 0, 5, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, // RTA_GATEWAY
            8, 0, 4, 0, 1, 0, 0, 1,                                               // RTA_OIF 2^24 + 1
        ])
    }

    @Test(arguments: [(MacvlanLinkMode.private, UInt8(1)), (.vepa, 2), (.bridge, 4)])
    func `the macvlan's mode is the kernel's number`(mode: MacvlanLinkMode, number: UInt8) throws {
        var request = NetlinkRequest()
        request.createMacvlan(
            name: "eth0", temporaryName: "vipns-abcdefgh", index: 0x100_0001,
            mac: try #require(MACAddress("02:00:00:00:00:01")), parentIndex: 3,
            parentNamespace: 0, parentName: "lan0", mode: mode)
        // Before the second message, which is of 44 octets.
        let octets = request.octets?.dropLast(44)
        #expect(octets?.suffix(8) == [8, 0, 1, 0, number, 0, 0, 0])
    }

    /// In a /31 the last address is the neighbour's, in a /32 the link's own; RFC 3021.
    @Test(arguments: [
        ("10.77.0.101/30", [UInt8]?([10, 77, 0, 103])), ("10.77.0.100/31", nil), ("10.77.0.101/32", nil),
        ("2001:db8::1/64", nil),
    ])
    func `only a network with room for one has a broadcast address`(text: String, broadcast: [UInt8]?) throws {
        var request = NetlinkRequest()
        request.addAddress(try #require(IPPrefix(text)), linkIndex: 0x100_0001, linkName: "eth0")
        let octets = request.octets ?? []
        let attributes = try #require(NetlinkMessage.split(octets)?.first?.attributes(afterHeader: 8))
        #expect(attributes.octets(4).map(Array.init) == broadcast)
    }
}
