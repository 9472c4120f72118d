import Addressing
import Glibc
import Leasing
import ServiceConfiguration
import Testing

private let toExample = "(for example 'to: 10.2.0.0/16')"
private let sysctlsExample = "(for example 'sysctls: {net.ipv4.tcp_keepalive_time: 600}')"

/// What a pool gives its sessions beyond an address: order, MTU, routes, settings, firewall.
@Suite struct SessionSettingTests {
    @Test func `a pool without these keys asks for nothing`() throws {
        let lab = try #require(parse(pool()).configuration?.pools.first)
        #expect(lab.order == .longestFree)
        #expect(lab.mtuBytes == nil)
        #expect(lab.routes == [])
        #expect(lab.preparation == NamespacePreparation())
    }

    @Test(arguments: [
        ("longest-free", AllocationOrder.longestFree), ("lowest", .lowest), ("random", .random),
    ])
    func `orders`(text: String, order: AllocationOrder) {
        #expect(parse(pool("order: \(text)")).configuration?.pools.first?.order == order)
    }

    @Test(arguments: [("68", 68), ("1400", 1400), ("65535", 65_535)])
    func `MTUs`(text: String, bytes: Int) {
        #expect(parse(pool("mtu: \(text)", "parent: eth1"), host: []).configuration?.pools.first?.mtuBytes == bytes)
    }

    @Test func `an MTU above the parent link's is doubted`() {
        let host = [HostLink(name: "eth1", addresses: [IPPrefix("10.1.0.2/24")].compactMap(\.self), mtuBytes: 1500)]
        #expect(summary(parse(pool("mtu: 1500"), host: host)) == [])
        #expect(
            summary(parse(pool("mtu: 9000"), host: host)) == [
                "5:10 warning: mtu '9000' is above that of parent link 'eth1', which is 1500 now"
            ])
    }

    @Test func `routes`() throws {
        let text = pool("routes:", "- {to: 10.2.0.0/16, via: 10.1.0.3}", "- via: 10.1.0.4", "  to: 192.0.2.7/32")
        let reading = parse(text)
        #expect(summary(reading) == [])
        let routes = try #require(reading.configuration?.pools.first?.routes)
        #expect(routes.map(\.description) == ["10.2.0.0/16 via 10.1.0.3", "192.0.2.7/32 via 10.1.0.4"])
    }

    @Test func `settings, inherited ones and low ports`() throws {
        let reading = parse(
            pool(
                "sysctls:", "  net.ipv4.tcp_keepalive_time: 600", "  net.ipv4.ping_group_range: '0 1000'",
                "inherit: [net.ipv4.tcp_syn_retries, net.ipv4.conf.default.rp_filter]", "low_ports: yes"))
        #expect(summary(reading) == [])
        let preparation = try #require(reading.configuration?.pools.first?.preparation)
        #expect(
            preparation.settings.map(\.description) == [
                "net.ipv4.tcp_keepalive_time = 600", "net.ipv4.ping_group_range = 0 1000",
                "net.ipv4.ip_unprivileged_port_start = 0",
            ])
        #expect(
            preparation.inherited.map(\.path) == [
                "/proc/sys/net/ipv4/tcp_syn_retries", "/proc/sys/net/ipv4/conf/default/rp_filter",
            ])
        #expect(parse(pool("low_ports: no")).configuration == parse(pool()).configuration)
    }

    @Test(arguments: [
        BadText(
            pool("order: longest"),
            "5:12 order 'longest' is not one of longest-free, lowest, random (the nearest is 'lowest')"),
        BadText(
            pool("mtu: 67"),
            "5:10 mtu '67' is not a number of octets from 68 to 65535 (for example 'mtu: 1400')"),
        BadText(
            pool("mtu: 1400B"),
            "5:10 mtu '1400B' is not a number of octets from 68 to 65535 (for example 'mtu: 1400')"),
        BadText(
            pool("low_ports: true"), "5:16 low_ports 'true' is not one of yes, no (the nearest is 'yes')"),
        BadText(
            pool("routes: [10.2.0.0/16]"),
            "5:14 a route must be a mapping, found the text '10.2.0.0/16' "
                + "(for example 'routes: [{to: 10.2.0.0/16, via: 10.1.0.3}]')"),
        BadText(
            pool("routes: [{by: 10.1.0.3}]"),
            "5:14 a route has no 'to' \(toExample)", "5:14 a route has no 'via' (for example 'via: 10.1.0.3')",
            "5:15 unknown key 'by' in a route of pool 'lab' (the nearest known key is 'to')"),
        BadText(
            pool("routes: [{to: 10.2.0.1/16, via: 10.9.0.3}]"),
            "5:19 destination '10.2.0.1/16' has host bits set (the network is '10.2.0.0/16')",
            "5:37 via '10.9.0.3' is not inside prefix '10.1.0.0/24'"),
        BadText(
            pool("routes: [{to: 10.2.0.0, via: x}]"),
            "5:19 destination '10.2.0.0' is not ADDRESS/LENGTH (for example '10.2.0.0/16')",
            "5:34 via 'x' is not an address (for example '10.1.0.3')"),
        BadText(
            pool("routes: [{to: 0.0.0.0/0, via: 10.1.0.3}]"),
            "5:19 destination '0.0.0.0/0' is the default route (write 'gateway' in place of it)"),
        BadText(
            pool("routes: [{to: 10.1.0.0/24, via: 10.1.0.255}]"),
            "5:19 destination '10.1.0.0/24' is the pool's own network, which needs no route",
            "5:37 via '10.1.0.255' is the broadcast address of '10.1.0.0/24'"),
        BadText(
            pool("routes: [{to: 127.1.0.0/16, via: 10.1.0.2}]"),
            "5:19 destination '127.1.0.0/16' holds loopback addresses, which are each session's own",
            "5:38 warning: via '10.1.0.2' is this host's own address on 'eth1', which sessions cannot reach"),
        BadText(
            pool("routes: [{to: 10.2.0.0/16, via: 10.1.0.3}, {to: 10.2.0.0/16, via: 10.1.0.4}]"),
            "5:53 route to '10.2.0.0/16' is given twice"),
    ])
    func `order, MTU, low ports and routes are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test(arguments: [
        BadText(
            pool("sysctls: [net.ipv4.ip_forward]"),
            "5:14 'sysctls' must be a mapping, found a list \(sysctlsExample)"),
        BadText(
            pool("sysctls: {vm.swappiness: 1}"),
            "5:15 sysctl 'vm.swappiness' is not a setting of network namespaces, 'net.' and words with dots between them "
                + sysctlsExample),
        BadText(
            pool("sysctls: {net...kernel.core_pattern: '|/x'}"),
            "5:15 sysctl 'net...kernel.core_pattern' is not a setting of network namespaces, 'net.' and words with dots "
                + "between them \(sysctlsExample)"),
        BadText(
            pool("sysctls: {net/ipv4/ip_forward: 1}"),
            "5:15 sysctl 'net/ipv4/ip_forward' is not a setting of network namespaces, 'net.' and words with dots "
                + "between them \(sysctlsExample)"),
        BadText(
            pool("sysctls: {net.ipv4.ip_forward: }"),
            "5:15 the value of 'net.ipv4.ip_forward' must be a text, found nothing \(sysctlsExample)"),
        BadText(
            pool("sysctls: {net.ipv4.ip_forward: ä}"),
            "5:36 the value of 'net.ipv4.ip_forward' is not 1 to 127 printable ASCII characters"),
        BadText(
            pool("sysctls: {net.ipv4.conf.eth0.rp_filter: 1}"),
            "5:15 sysctl 'net.ipv4.conf.eth0.rp_filter' is of the link 'eth0', which is made later "
                + "(write 'default' in place of 'eth0')"),
        BadText(
            pool("sysctls: {net.ipv6.conf.all.disable_ipv6: 0}"),
            "5:15 sysctl 'net.ipv6.conf.all.disable_ipv6' is set in every session, so that it has its own "
                + "addresses and no others"
        ),
        BadText(
            pool("sysctls: {net.ipv4.ip_unprivileged_port_start: 80}", "low_ports: no"),
            "5:15 sysctl 'net.ipv4.ip_unprivileged_port_start' is what 'low_ports' sets (leave one of them out)"),
        BadText(
            pool("sysctls: {net.ipv4.ip_fowrard: 1}"),
            "5:15 warning: sysctl 'net.ipv4.ip_fowrard' does not exist on this host now"),
        BadText(
            pool(
                "sysctls: {net.ipv4.ip_forward: 1}", "inherit: [net.ipv4.ip_forward, net.ipv4.ip_default_ttl,",
                "  net.ipv4.ip_default_ttl, []]"),
            "6:15 'net.ipv4.ip_forward' is in 'sysctls' too (leave one of them out)",
            "7:7 'net.ipv4.ip_default_ttl' is given twice",
            "7:32 the name of a sysctl must be a text, found a list (for example 'inherit: [net.ipv4.ip_local_port_range]')"
        ),
        BadText(
            pool("inherit: [" + (0..<65).map { "net.ipv4.a\($0)" }.joined(separator: ", ") + "]"),
            "5:5 'inherit' has 65 entries (64 are the most)"),
    ])
    func `settings are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }
}

/// A pool's firewall: a file that is looked at, and what the host says of its own.
@Suite struct FirewallTests {
    private func parse(
        _ text: String, owner: UInt32 = getuid(), firewall: HostFirewall? = nil
    ) -> ConfigurationReading {
        ServiceConfiguration.parse(text: text, file: "f", host: testHost, hostFirewall: firewall, owner: owner)
    }

    @Test func `a file of its owner alone is taken, and goes into the allowance once`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([])
        let second = "  b: {ranges: [10.1.0.251], prefix: 24, firewall: \(file)}\n"
        let reading = parse(pool("firewall: \(file)") + second)
        #expect(summary(reading) == [])
        #expect(reading.configuration?.pools.map(\.preparation.firewall) == [file, file])
        #expect(
            reading.configuration?.allowanceText
                == "eth1 10.1.0.10-10.1.0.250\neth1 10.1.0.251-10.1.0.251\n\(file)\n")
    }

    @Test(arguments: [mode_t(0o664), 0o646])
    func `a file that others may write is refused`(mode: mode_t) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([], mode: mode)
        #expect(
            summary(parse(pool("firewall: \(file)"))) == [
                "5:15 firewall '\(file)' can be written by others than its owner (run: chmod go-w '\(file)')"
            ])
    }

    @Test func `a directory on the way that others may write is refused`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([])
        try #require(unsafe chmod(directory.path, 0o777) == 0)
        #expect(
            summary(parse(pool("firewall: \(file)"))) == [
                "5:15 firewall '\(directory.path)' can be written by others than its owner "
                    + "(run: chmod go-w '\(directory.path)')"
            ])
    }

    @Test(.enabled(if: getuid() == 0, "needs root")) func `another's file and a link are refused`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([])
        try #require(unsafe chown(file, 65534, 65534) == 0)
        #expect(
            summary(parse(pool("firewall: \(file)"), owner: 0)) == [
                "5:15 firewall '\(file)' belongs to user 65534, not to root (run: chown root '\(file)')"
            ])
        try #require(unsafe unlink(file) == 0 && symlink("/etc/passwd", file) == 0)
        #expect(
            summary(parse(pool("firewall: \(file)"))) == [
                "5:15 firewall '\(file)' is a symbolic link (write the path that it leads to)"
            ])
    }

    @Test(arguments: [
        ("lab.nft", "'lab.nft' is not an absolute path (for example 'firewall: /etc/vipns/lab.nft')"),
        ("/tmp/../tmp/x", "'/tmp/../tmp/x' is not an absolute path (for example 'firewall: /etc/vipns/lab.nft')"),
        ("/tmp//x", "'/tmp//x' is not an absolute path (for example 'firewall: /etc/vipns/lab.nft')"),
        (
            "\"/tmp/a\\nlan0 0.0.0.0-255.255.255.255\"",
            "'/tmp/a?lan0 0.0.0.0-255.255.255.255' is not an absolute path (for example 'firewall: /etc/vipns/lab.nft')"
        ),
        ("/no-such/x", "'/no-such' does not exist"),
        ("/dev/null", "'/dev/null' is not a regular file"),
    ])
    func `what is no such file is refused`(path: String, reason: String) {
        #expect(summary(parse(pool("firewall: \(path)"), owner: 0)) == ["5:15 firewall \(reason)"])
    }

    @Test func `a host with rules and a pool without are pointed out`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write([])
        func problems(_ text: String, hasRules: Bool?, hasProgram: Bool) -> [String] {
            summary(parse(text, firewall: HostFirewall(hasRules: hasRules, hasProgram: hasProgram)))
        }
        #expect(
            problems(pool(), hasRules: true, hasProgram: true) == [
                "2:3 warning: pool 'lab' has no 'firewall', and this host has rules that sessions' traffic does not pass "
                    + "(for example 'firewall: /etc/vipns/lab.nft')"
            ])
        for hasRules in [false, nil] { #expect(problems(pool(), hasRules: hasRules, hasProgram: true) == []) }
        #expect(problems(pool("firewall: \(file)"), hasRules: true, hasProgram: true) == [])
        #expect(
            problems(pool("firewall: \(file)"), hasRules: nil, hasProgram: false) == [
                "5:15 warning: firewall '\(file)' needs 'nft', which is not installed (package nftables)"
            ])
    }
}
