import Addressing
import Testing

struct ScopeTests {
    @Test(arguments: [
        ("10.77.0.101", true), ("192.0.2.1", true), ("223.255.255.255", true), ("0.0.0.0", false), ("0.1.2.3", false),
        ("127.0.0.1", false), ("127.255.0.1", false), ("169.254.7.7", true),
        ("224.0.0.1", false), ("240.0.0.1", false), ("255.255.255.255", false),
        ("fd76:6970:6e73::101", true), ("2001:db8::1", true), ("fec0::1", true), ("::", false), ("::1", false),
        ("::10.77.0.101", false), ("::ffff:10.77.0.101", false), ("fe80::1", false), ("febf:ffff::1", false),
        ("fe7f::1", true), ("ff02::1", false), ("ffff::1", false),
    ])
    func `only the unicast address of one host can be a virtual IP`(text: String, expected: Bool) throws {
        #expect(try #require(IPAddress(text)).canBeVirtualIP == expected)
    }

    /// The first is the example of RFC 4291, appendix A, with the bit set that it inverts.
    @Test(arguments: [
        ("36:56:78:9a:bc:de", "fe80::3456:78ff:fe9a:bcde"), ("02:00:0a:4d:00:65", "fe80::aff:fe4d:65"),
        ("02:00:6c:5b:01:ce", "fe80::6cff:fe5b:1ce"),
    ])
    func `a MAC address gives a link-local address`(mac: String, expected: String) throws {
        let address = try #require(MACAddress(mac)).linkLocalAddress
        #expect(address.description == expected)
        #expect(address.isLinkLocal)
    }

    /// The first is the example of RFC 4291 §2.7.1.
    @Test(arguments: [
        ("4037::1:800:200e:8c6c", "ff02::1:ff0e:8c6c"), ("fd76:6970:6e73::101", "ff02::1:ff00:101"), ("10.0.0.1", nil),
    ])
    func `neighbours ask for an address in a group of their own`(text: String, group: String?) throws {
        #expect(try #require(IPAddress(text)).solicitedNodeGroup?.description == group)
    }

    @Test(arguments: [
        ("10.77.0.101/24", "10.77.0.1", true), ("10.77.0.101/24", "10.78.0.1", false),
        ("10.77.0.101/24", "169.254.0.1", false), ("10.77.0.101/24", "fe80::1", false),
        ("fd76::101/64", "fd76::1", true), ("fd76::101/64", "fe80::1", true), ("fd76::101/64", "fd77::1", false),
        ("fd76::101/64", "169.254.0.1", false),
    ])
    func `a gateway is a neighbour`(prefix: String, gateway: String, expected: Bool) throws {
        #expect(try #require(IPPrefix(prefix)).reaches(try #require(IPAddress(gateway))) == expected)
    }

    @Test(arguments: [
        ("net.ipv6.conf.default.accept_ra", true), ("net.ipv6.conf.all.disable_ipv6", true),
        ("net.ipv6.conf.default.stable_secret", true), ("net.ipv6.conf.default.autoconf", true),
        ("net.ipv6.conf.default.addr_gen_mode", true), ("net.ipv6.conf.default.forwarding", false),
        ("net.ipv6.conf.lo.disable_ipv6", false), ("net.ipv4.conf.default.accept_ra", false), ("net.ipv6.conf", false),
        ("net.ipv6.conf.default.accept_ra.x", false),
    ])
    func `some settings are every session's`(name: String, expected: Bool) throws {
        #expect(try #require(NetworkSettingName(name)).isOfEverySession == expected)
    }
}
