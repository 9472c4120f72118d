import ServiceConfiguration
import Testing

private let rangeExample = "(for example '10.1.0.10-10.1.0.250' or '10.1.0.252')"

@Suite struct ValueTests {
    @Test(arguments: [
        BadText(
            pool(ranges: "[10.1.0.9-10.1.0.8]"), "3:14 range '10.1.0.9-10.1.0.8' ends before it begins"),
        BadText(
            "history: 365d\n" + pool(),
            "1:10 'history' must be a mapping, found the text '365d' (for example 'history: {keep: 365d}')"),
        BadText(
            "history: {kep: 1d}\n" + pool(), "1:11 unknown key 'kep' in 'history' (the nearest known key is 'keep')"),
        BadText(
            "history: {keep: 365}\n" + pool(),
            "1:17 keep '365' is neither 'forever' nor a whole number with the unit d or h (for example '365d')"),
        BadText("history: {keep: 0d}\n" + pool(), "1:17 keep '0d' is too short (1h is the least)"),
        BadText(
            "history: {keep: 36501d}\n" + pool(), "1:17 keep '36501d' is too long (36500d is the most, or 'forever')"),
        BadText(
            pool(ranges: "[10.1]"), "3:14 range '10.1' has '10.1', which is not an address \(rangeExample)"),
        BadText(
            pool(ranges: "[10.1.0.10-250]"),
            "3:14 range '10.1.0.10-250' has '250', which is not an address \(rangeExample)"),
        BadText(
            pool(ranges: "[10.1.0.10 - 10.1.0.20]"),
            "3:14 range '10.1.0.10 - 10.1.0.20' has blanks in it \(rangeExample)"),
        BadText(pool(ranges: "[10.1.0.10-]"), "3:14 range '10.1.0.10-' lacks an address \(rangeExample)"),
        BadText(
            pool(ranges: "[10.1.0.10-11-12]"),
            "3:14 range '10.1.0.10-11-12' has more than one '-' (for example '10.1.0.10-10.1.0.250')"),
        BadText(
            pool(ranges: "[10.1.0.0/25]"),
            "3:14 range '10.1.0.0/25' is a prefix; write its first and last address instead "
                + "(for example '10.1.0.1-10.1.0.126')"),
        BadText(
            pool(ranges: "[fd00::1-fd00::9]"),
            "3:5 pool 'lab' has an IPv4 'prefix', but no IPv4 range",
            "3:14 range 'fd00::1-fd00::9' is IPv6, but pool 'lab' has no IPv6 'prefix' "
                + "(for example 'prefix: [10.1.0.0/24, 2001:db8:1::/64]')"),
        BadText(pool(ranges: "[10.1.0.9-fd00::9]"), "3:14 range '10.1.0.9-fd00::9' mixes IPv4 and IPv6"),
        BadText(pool(ranges: "[10.9.0.1]"), "3:14 range '10.9.0.1' is not inside prefix '10.1.0.0/24'"),
        BadText(
            pool(ranges: "[10.1.0.9, [10.1.0.10]]"), "3:24 range must be a text, found a list \(rangeExample)"),
        BadText(pool(ranges: "[]"), "3:5 'ranges' is empty (for example 'ranges: [10.1.0.10-10.1.0.250]')"),
        BadText(pool(ranges: ""), "3:5 'ranges' has no value (for example 'ranges: [10.1.0.10-10.1.0.250]')"),
        BadText(
            pool(ranges: "10.1.0.10"),
            "3:13 'ranges' must be a list, found the text '10.1.0.10' (for example 'ranges: [10.1.0.10-10.1.0.250]')"),
        BadText(
            pool(ranges: "[10.1.0.10-10.1.0.20, 10.1.0.20-10.1.0.30]"),
            "3:35 range '10.1.0.20-10.1.0.30' overlaps range '10.1.0.10-10.1.0.20' in line 3"),
        BadText(
            pool(ranges: "[10.1.0.0-10.1.0.9]", "exclude: [10.1.0.2]"),
            "3:14 range '10.1.0.0-10.1.0.9' holds 10.1.0.0, the network address of '10.1.0.0/24' (add it to 'exclude')"),
        BadText(
            pool(ranges: "[10.1.0.250-10.1.0.255]"),
            "3:14 range '10.1.0.250-10.1.0.255' holds 10.1.0.255, the broadcast address of '10.1.0.0/24' "
                + "(add it to 'exclude')"),
        BadText(
            pool(ranges: "[10.1.0.1-10.1.0.9]"),
            "3:14 range '10.1.0.1-10.1.0.9' holds 10.1.0.2, this host's own address on 'eth1' (add it to 'exclude')"),
        BadText(
            pool("gateway: 10.1.0.20"),
            "3:14 range '10.1.0.10-10.1.0.250' holds 10.1.0.20, the gateway (add it to 'exclude')"),
        BadText(
            pool("exclude: [10.1.0.251]"),
            "5:15 warning: exclude '10.1.0.251' excludes nothing from the ranges"),
        BadText(
            pool("exclude: [10.1.0.0-10.1.0.255]"), "5:5 the excludes leave no address in pool 'lab'"),
        BadText(
            pool(ranges: "[" + (0..<257).map { "10.1.1.\($0 % 250)" }.joined(separator: ", ") + "]"),
            "3:5 'ranges' has 257 entries (256 are the most)"),
    ])
    func `ranges and excludes are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test(arguments: [
        BadText(
            pool(prefix: "10.1.0.7/24"), "4:13 prefix '10.1.0.7/24' has host bits set (the network is '10.1.0.0/24')"),
        BadText(pool(prefix: "10.1.0.0/31"), "4:13 prefix '10.1.0.0/31' has the length 31 (8 to 30 make sense)"),
        BadText(pool(prefix: "10.1.0.0/33"), "4:13 prefix '10.1.0.0/33' has the length 33 (8 to 30 make sense)"),
        BadText(pool(prefix: "0"), "4:13 prefix '0' has the length 0 (8 to 30 make sense)"),
        BadText(
            pool(prefix: "24.0"),
            "4:13 prefix '24.0' is neither ADDRESS/LENGTH nor a length (for example '10.1.0.0/24')"),
        BadText(
            pool(prefix: "10.1/24"),
            "4:13 prefix '10.1/24' is neither ADDRESS/LENGTH nor a length (for example '10.1.0.0/24')"),
        BadText(
            pool(prefix: "fd00::/64", "parent: eth1"), "3:5 pool 'lab' has an IPv6 'prefix', but no IPv6 range",
            "3:14 range '10.1.0.10-10.1.0.250' is IPv4, but pool 'lab' has no IPv4 'prefix' "
                + "(for example 'prefix: 10.1.0.0/24')"),
        BadText(pool("gateway: 10.1"), "5:14 gateway '10.1' is not an address (for example '10.1.0.1')"),
        BadText(pool("gateway: 10.9.0.1"), "5:14 gateway '10.9.0.1' is not inside prefix '10.1.0.0/24'"),
        BadText(pool("gateway: 10.1.0.0"), "5:14 gateway '10.1.0.0' is the network address of '10.1.0.0/24'"),
        BadText(pool("gateway: 10.1.0.255"), "5:14 gateway '10.1.0.255' is the broadcast address of '10.1.0.0/24'"),
        BadText(pool("gateway: fd00::1"), "5:14 gateway 'fd00::1' is IPv6, and pool 'lab' has no such prefix"),
        BadText(
            pool("gateway: 10.1.0.2"),
            "5:14 warning: gateway '10.1.0.2' is this host's own address on 'eth1', which sessions cannot reach"),
        BadText(
            pool("parent: eth9"),
            "5:13 warning: parent link 'eth9' does not exist now (this host has 'eth0', 'eth1', 'eth2', 'eth3')"),
        BadText(
            pool("parent: an/other"),
            "5:13 parent 'an/other' is not a link's name (1 to 15 characters without '/', ':' and blanks)"),
        BadText(
            pool("parent: 0123456789abcdef"),
            "5:13 parent '0123456789abcdef' is not a link's name (1 to 15 characters without '/', ':' and blanks)"),
        BadText(pool("parent: lo"), "5:13 parent 'lo' is the loopback, which cannot carry sessions"),
        BadText(
            pool(ranges: "[10.2.0.9]", prefix: "10.2.0.0/16"),
            "2:3 pool 'lab' has no 'parent', and the links 'eth2' and 'eth3' have an address in '10.2.0.0/16' "
                + "(say which, for example 'parent: eth2')"),
        BadText(
            pool(ranges: "[10.3.0.9]", prefix: "16"),
            "2:3 pool 'lab' has no 'parent', and no link of this host has an address in '10.3.0.0/16' "
                + "(this host has 'eth0', 'eth1', 'eth2', 'eth3')"),
    ])
    func `network, gateway and parent link are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test(arguments: [
        BadText(pool("hold: 99ms"), "5:11 hold '99ms' is too short (100ms is the least)"),
        BadText(pool("hold: 0s"), "5:11 hold '0s' is too short (100ms is the least)"),
        BadText(pool("hold: 721h"), "5:11 hold '721h' is too long (720h is the most)"),
        BadText(pool("hold: 30"), "5:11 hold '30' has no unit: ms, s, m or h (for example '30s')"),
        BadText(
            pool("hold: 1.5s"), "5:11 hold '1.5s' is not a whole number with the unit ms, s, m or h (for example '30s')"
        ),
        BadText(pool("hold: -1s"), "5:11 hold '-1s' is not a whole number with a unit (for example '30s')"),
        BadText(
            pool("hold: 99999999999999999999s"),
            "5:11 hold '99999999999999999999s' is not a whole number with a unit (for example '30s')"),
        BadText(
            pool("mode: brige"), "5:11 mode 'brige' is not one of bridge, private, vepa (the nearest is 'bridge')"),
        BadText(
            pool("exhaustion: no"), "5:17 exhaustion 'no' is not one of share, isolate, deny (the nearest is 'deny')"),
        BadText(pool("leftovers: ~"), "5:5 'leftovers' has no value (for example 'leftovers: wait')"),
        BadText(
            pool("leftovers: [kill]"),
            "5:16 'leftovers' must be a text, found a list (for example 'leftovers: wait')"),
        BadText(
            pool("gatway: 10.1.0.1"), "5:5 unknown key 'gatway' in pool 'lab' (the nearest known key is 'gateway')"),
        BadText(
            pool("exhausted: deny"), "5:5 unknown key 'exhausted' in pool 'lab' (the nearest known key is 'exhaustion')"
        ),
        BadText("operator: a\n" + pool(), "1:1 unknown key 'operator' (the nearest known key is 'operators')"),
        BadText(
            "operators: 'a:b'\n" + pool(),
            "1:12 operators 'a:b' is not a group's name (for example 'operators: vipns-operators')"),
        BadText(
            pool("mode: bridge", "mode: vepa", "\"mode\": x"),
            "6:5 key 'mode' is given twice (first in line 5)", "7:5 key 'mode' is given twice (first in line 5)"),
        BadText(
            pool().replacing("lab", with: "Lab"),
            "2:3 pool name 'Lab' is not 1 to 31 characters of 'a-z', '0-9' and '-', beginning without '-'"),
        BadText(
            "pools:\n  lab:\n",
            "2:3 pool 'lab' must be a mapping, found nothing "
                + "(for example '{ranges: [10.1.0.10-10.1.0.250], prefix: 10.1.0.0/24}')"),
        BadText(
            "pools:\n  lab: {}\n", "2:3 pool 'lab' has no 'ranges' (for example 'ranges: [10.1.0.10-10.1.0.250]')",
            "2:3 pool 'lab' has no 'prefix' (for example 'prefix: 10.1.0.0/24')"),
    ])
    func `words, holds and keys are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test func `an address is in one pool only`() {
        let second = "  b:\n    ranges: [10.1.0.1, 10.1.0.250-10.1.0.251]\n    prefix: 24\n    parent: eth0\n"
        let expected =
            "6:24 range '10.1.0.250-10.1.0.251' overlaps range '10.1.0.10-10.1.0.250' of pool 'lab' in line 3"
        #expect(summary(parse(pool() + second)) == [expected])
    }

    @Test func `all problems come at once, in the order of the file`() {
        let reading = parse(
            pool(ranges: "[10.1.0.9-10.1.0.8]", prefix: "10.1.0.1/24", "hold: 1", "mode: x", "mode: y", "sticky: yes"))
        #expect(reading.configuration == nil)
        #expect(reading.problems.map(\.line) == [3, 4, 5, 6, 7, 8])
    }

    @Test func `a warning does not keep the file from being used`() {
        let reading = parse(pool("exclude: [10.1.0.251]"))
        #expect(reading.problems.map(\.severity) == [.warning])
        #expect(reading.configuration != nil)
    }

    @Test func `a problem reads as the style asks`() {
        let reading = ServiceConfiguration.parse(
            text: pool(ranges: "[10.1.0.9-10.1.0.2]"), file: "/etc/vipns/vipns.yaml", host: testHost)
        #expect(
            reading.problems.map(\.description) == [
                "'/etc/vipns/vipns.yaml' line 3, column 14: range '10.1.0.9-10.1.0.2' ends before it begins"
            ])
    }
}
