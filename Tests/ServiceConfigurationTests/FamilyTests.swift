internal import Addressing
internal import Leasing
internal import ServiceConfiguration
internal import Testing

/// Pools with IPv6, alone or beside IPv4.
struct FamilyTests {
    private static let both = "[10.1.0.10-10.1.0.19, '2001:db8:1::10-2001:db8:1::19']"
    private static let prefixes = "[10.1.0.0/24, '2001:db8:1::/64']"

    @Test func `a pool of both families has IPv4 first, whatever the file's order`() throws {
        let text = pool(
            ranges: "[2001:db8:1::10-2001:db8:1::12, 10.1.0.10-10.1.0.12]", prefix: "[2001:db8:1::/64, 10.1.0.0/24]",
            "gateway: [fe80::1, 10.1.0.1]", "exclude: ['2001:db8:1::11', 10.1.0.11]", "parent: eth0",
            "routes: [{to: '2001:db8:2::/48', via: '2001:db8:1::3'}, {to: 10.2.0.0/16, via: 10.1.0.3}]")
        let reading = parse(text)
        #expect(summary(reading) == [])
        let pool = try #require(reading.configuration?.pools.first)
        #expect(
            pool.networks == [
                PoolNetwork(
                    ranges: ["10.1.0.10", "10.1.0.12"].compactMap { IPRange($0) }, prefixLength: 24,
                    gateway: IPAddress("10.1.0.1")),
                PoolNetwork(
                    ranges: ["2001:db8:1::10", "2001:db8:1::12"].compactMap { IPRange($0) }, prefixLength: 64,
                    gateway: IPAddress("fe80::1")),
            ])
        #expect(pool.addresses(at: 1).map(\.address.description) == ["10.1.0.12", "2001:db8:1::12"])
        #expect(pool.routes.map(\.description) == ["2001:db8:2::/48 via 2001:db8:1::3", "10.2.0.0/16 via 10.1.0.3"])
        #expect(
            reading.configuration?.allowanceText.split(separator: "\n") == [
                "eth0 10.1.0.10-10.1.0.10", "eth0 10.1.0.12-10.1.0.12", "eth0 2001:db8:1::10-2001:db8:1::10",
                "eth0 2001:db8:1::12-2001:db8:1::12",
            ])
    }

    @Test(arguments: ["'2001:db8:1::/64'", "['2001:db8:1::/64']", "64"])
    func `a pool may have IPv6 alone, and then finds its parent by that`(_ prefix: String) throws {
        let host = [link("eth0", "10.1.0.2/24"), link("eth1", "fe80::2/64", "2001:db8:1::2/64")]
        let text = pool(ranges: "[2001:db8:1::10-2001:db8:1::ffff:ffff]", prefix: prefix)
        let reading = parse(text, host: host)
        #expect(summary(reading) == [])
        let pool = try #require(reading.configuration?.pools.first)
        #expect(pool.parent == "eth1")
        #expect(pool.networks.map(\.prefixLength) == [64])
        #expect(pool.total == 0xffff_fff0)
    }

    @Test(arguments: [
        BadText(
            pool(ranges: both, prefix: prefixes, "gateway: ['2001:db8:9::1', 10.9.0.1]"),
            "5:15 gateway '2001:db8:9::1' is not inside prefix '2001:db8:1::/64'",
            "5:32 gateway '10.9.0.1' is not inside prefix '10.1.0.0/24'"),
        BadText(
            pool(ranges: both, prefix: prefixes, "gateway: [10.1.0.1, 10.1.0.3]"),
            "5:25 a pool has one IPv4 'gateway' at most"),
        BadText(
            pool(ranges: both, prefix: "[10.1.0.0/24, 10.2.0.0/24, '2001:db8:1::/64']"),
            "4:27 a pool has one IPv4 'prefix' at most"),
        BadText(
            pool(ranges: both, prefix: "10.1.0.0/24"),
            "3:35 range '2001:db8:1::10-2001:db8:1::19' is IPv6, but pool 'lab' has no IPv6 'prefix' "
                + "(for example 'prefix: [10.1.0.0/24, 2001:db8:1::/64]')"),
        BadText(
            pool(ranges: both, prefix: "[10.1.0.0/24, '2001:db8:2::/64']"),
            "3:35 range '2001:db8:1::10-2001:db8:1::19' is not inside prefix '2001:db8:2::/64'"),
        BadText(
            pool(ranges: "['2001:db8:1::-2001:db8:1::9']", prefix: "'2001:db8:1::/64'", "parent: eth1"),
            "3:14 range '2001:db8:1::-2001:db8:1::9' holds 2001:db8:1::, the routers' common address in "
                + "'2001:db8:1::/64' (add it to 'exclude')"),
        BadText(
            pool(ranges: "['fe80::10-fe80::19']", prefix: "'fe80::/64'"),
            "4:13 prefix 'fe80::/64' overlaps 'fe80::/10', the link-local addresses, which each session has besides"),
        BadText(
            pool(ranges: "['ff02::10']", prefix: "'ff02::/64'"),
            "4:13 prefix 'ff02::/64' overlaps 'ff00::/8', the multicast addresses"),
        BadText(
            pool(ranges: "[127.0.0.9]", prefix: "127.0.0.0/8"),
            "4:13 prefix '127.0.0.0/8' overlaps '127.0.0.0/8', the loopback addresses, which are each session's own"),
        BadText(
            pool(ranges: "['2001:db8:1::10']", prefix: "'2001:db8:1::/127'"),
            "4:13 prefix '2001:db8:1::/127' has the length 127 (16 to 126 make sense)"),
        BadText(
            pool(ranges: both, prefix: "[]"),
            "4:13 'prefix' is empty (for example 'prefix: 10.1.0.0/24')"),
        BadText(
            pool(ranges: both, prefix: prefixes, "routes: [{to: '2001:db8:2::/48', via: 10.1.0.3}]"),
            "5:19 route to '2001:db8:2::/48' goes via '10.1.0.3', which is of the other family"),
        BadText(
            pool("routes: [{to: '2001:db8:2::/48', via: 10.1.0.3}]"),
            "5:19 destination '2001:db8:2::/48' is IPv6, and pool 'lab' has no such prefix",
            "5:19 route to '2001:db8:2::/48' goes via '10.1.0.3', which is of the other family"),
        BadText(
            pool(ranges: "['2001:db8:1::/120']", prefix: "'2001:db8:1::/64'", "parent: eth1"),
            "3:14 range '2001:db8:1::/120' is a prefix; write its first and last address instead "
                + "(for example '2001:db8:1::1-2001:db8:1::fe')"),
    ])
    func `what cannot be is said with its place`(_ bad: BadText) {
        #expect(summary(parse(bad.text, host: testHost)) == bad.problems)
    }

    @Test func `addresses of two pools may overlap in neither family`() {
        let text =
            pool(ranges: Self.both, prefix: Self.prefixes)
            + "  b: {ranges: ['2001:db8:1::19-2001:db8:1::29'], prefix: '2001:db8:1::/64', parent: eth0}\n"
        #expect(
            summary(parse(text, host: testHost)) == [
                "5:16 range '2001:db8:1::19-2001:db8:1::29' overlaps range '2001:db8:1::10-2001:db8:1::19' of pool 'lab' "
                    + "in line 3"
            ])
    }

    @Test func `the host's own address is no session's, in either family`() {
        let host = [link("eth0", "10.1.0.2/24", "2001:db8:1::12/64")]
        #expect(
            summary(parse(pool(ranges: Self.both, prefix: Self.prefixes), host: host)) == [
                "3:35 range '2001:db8:1::10-2001:db8:1::19' holds 2001:db8:1::12, this host's own address on 'eth0' "
                    + "(add it to 'exclude')"
            ])
    }

    @Test(arguments: [
        (
            "[10.1.0.10-10.1.0.19, '2001:db8:1::10']",
            [
                "3:5 warning: pool 'lab' has 10 IPv4 and 1 IPv6 addresses: a session takes one of each, so 9 of IPv4 are never granted"
            ]
        ),
        ("[10.1.0.10, '2001:db8:1::10-2001:db8:1::ffff']", []),
    ])
    func `IPv4 addresses without a partner are doubtful, a larger IPv6 range is not`(
        _ ranges: String, _ warnings: [String]
    ) {
        #expect(summary(parse(pool(ranges: ranges, prefix: Self.prefixes), host: testHost)) == warnings)
    }

    @Test(arguments: [
        BadText(pool("dns: [10.1.0.53, x]"), "5:22 dns 'x' is not an address (for example 'dns: [10.1.0.53]')"),
        BadText(
            pool("dns: [10.1.0.53, 10.1.0.54, 10.1.0.55, 10.1.0.56]"),
            "5:5 'dns' has 4 entries (3 are the most, as resolv.conf(5) has it)"),
        BadText(pool("dns: [10.1.0.53, 10.1.0.53]"), "5:22 dns '10.1.0.53' is given twice"),
        BadText(
            pool("dns: 127.0.0.53"),
            "5:10 dns '127.0.0.53' is of '127.0.0.0/8', the loopback addresses, which are each session's own"),
        BadText(pool("dns: '2001:db8::53'"), "5:10 dns '2001:db8::53' is IPv6, and pool 'lab' has no such prefix"),
        BadText(
            pool("dns: 10.1.0.2"),
            "5:10 warning: dns '10.1.0.2' is this host's own address on 'eth1', which sessions cannot reach"),
        BadText(
            pool("dns: 10.9.0.53"),
            "5:10 warning: dns '10.9.0.53' is not inside prefix '10.1.0.0/24', and no gateway or route leads there"),
        BadText(pool("dns: 10.9.0.53", "gateway: 10.1.0.1")),
        BadText(pool("dns: 10.9.0.53", "routes: [{to: 10.9.0.0/16, via: 10.1.0.3}]")),
    ])
    func `name servers are checked`(_ bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test func `a host without IPv6 cannot have sessions with it`() {
        let text = pool(ranges: Self.both, prefix: Self.prefixes)
        let without = ServiceConfiguration.parse(text: text, file: "f", host: testHost, hasIPv6: false)
        #expect(
            summary(without) == [
                "4:27 prefix '2001:db8:1::/64' is IPv6, which this host has not "
                    + "(is 'ipv6.disable=1' on the kernel's command line?)"
            ])
        #expect(summary(ServiceConfiguration.parse(text: text, file: "f", host: testHost, hasIPv6: true)) == [])
        #expect(summary(ServiceConfiguration.parse(text: pool(), file: "f", host: testHost, hasIPv6: false)) == [])
    }
}
