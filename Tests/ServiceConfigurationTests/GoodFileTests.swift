import Addressing
import Glibc
import Leasing
import ServiceConfiguration
import TestSupport
import Testing

@Suite struct GoodFileTests {
    @Test func `a file with all keys gives just what it says`() throws {
        let text = """
            operators: vipns-operators
            history: {keep: 36h}
            pools:
              lab:
                ranges: [10.1.0.252, 10.1.0.10-10.1.0.250]
                exclude: [10.1.0.100]
                prefix: 10.1.0.0/24
                gateway: 10.1.0.1
                parent: eth0
                mode: private
                hold: 250ms
                exhaustion: deny
                leftovers: kill
              a-second:
                ranges:
                  - 192.0.2.17
                prefix: 24   # a length counts from the first range
            """
        let reading = parse(text)
        #expect(summary(reading) == [])
        let configuration = try #require(reading.configuration)
        #expect(configuration.operators == "vipns-operators")
        #expect(configuration.historyKeep == .seconds(36 * 3600))
        let lab = Pool(
            name: "lab",
            networks: [
                PoolNetwork(
                    ranges: ["10.1.0.10-10.1.0.99", "10.1.0.101-10.1.0.250", "10.1.0.252"].compactMap { IPRange($0) },
                    prefixLength: 24, gateway: IPAddress("10.1.0.1"))
            ], parent: "eth0", macvlanMode: .private,
            hold: .milliseconds(250), exhaustion: .deny, leftovers: .kill)
        let second = Pool(
            name: "a-second",
            networks: [
                PoolNetwork(ranges: ["192.0.2.17"].compactMap { IPRange($0) }, prefixLength: 24, gateway: nil)
            ],
            parent: "eth0", macvlanMode: .bridge, hold: .seconds(10), exhaustion: .share, leftovers: .wait)
        #expect(configuration.pools == [lab, second])
        #expect(
            configuration.allowanceText == """
                eth0 10.1.0.10-10.1.0.99
                eth0 10.1.0.101-10.1.0.250
                eth0 10.1.0.252-10.1.0.252
                eth0 192.0.2.17-192.0.2.17

                """)
    }

    @Test func `the order of the pools is that of the file`() throws {
        let names = ["z", "m", "a", "0", "k"]
        let pools = names.enumerated().map { "  \($1): {ranges: [10.1.0.\(10 + $0)], prefix: 10.1.0.0/24}\n" }
        let configuration = try #require(parse("pools:\n" + pools.joined()).configuration)
        #expect(configuration.pools.map(\.name) == names)
    }

    @Test(arguments: [
        ("100ms", Duration.milliseconds(100)), ("30s", .seconds(30)), ("5m", .seconds(300)),
        ("720h", .seconds(2_592_000)),
    ])
    func `holds carry a unit`(text: String, hold: Duration) {
        #expect(parse(pool("hold: \(text)")).configuration?.pools.first?.hold == hold)
    }

    @Test(arguments: [
        "\u{FEFF}" + pool(), pool().replacing("\n", with: "\r\n"), "---\n" + pool(), pool() + "...\n# end\n",
        "# don't\n" + pool(),
        pool(ranges: "[ '10.1.0.10-10.1.0.250' ] # it's, *that* & \"more"),
        pool(ranges: "\n    - \"10.1.0.10-10.1.0.250\""),
        pool(ranges: "\n      [\n      10.1.0.10-10.1.0.250,\n      ]"), pool("\"mode\": 'bridge'"),
        pool("mode: bridge\t# tab"),
        "{pools: {lab: {ranges: [10.1.0.10-10.1.0.250], prefix: 10.1.0.0/24}}}",
    ])
    func `ways to write the same are the same`(text: String) {
        let reading = parse(text)
        #expect(summary(reading) == [])
        #expect(reading.configuration == parse(pool()).configuration)
        #expect(reading.configuration != nil)
    }

    @Test func `an address of two pools is no problem where one of them excludes it`() {
        let second = "  b:\n    ranges: [10.1.0.20-10.1.0.29]\n    prefix: 24\n"
        #expect(summary(parse(pool("exclude: [10.1.0.20-10.1.0.29]") + second)) == [])
    }

    @Test func `without knowledge of the host no parent is doubted`() {
        #expect(summary(parse(pool("parent: eth9"), host: [])) == [])
    }

    @Test(
        arguments: [("", nil), ("history: {keep: forever}\n", nil), ("history: {keep: 365d}\n", 365)]
            as [(String, Int?)])
    func `history is kept for as long as the file says`(text: String, days: Int?) {
        #expect(parse(text + pool()).configuration?.historyKeep == days.map { .seconds($0 * 86_400) })
    }

    @Test func `a huge pool costs nothing`() throws {
        let text = pool(
            ranges: "[10.0.0.1-10.255.255.254]", prefix: "10.0.0.0/8", "exclude: [10.1.0.2]", "parent: eth0")
        let time = processorTime { #expect(parse(text, host: []).configuration?.pools.first?.total == 16_777_213) }
        #expect(time < .seconds(1))
    }
}

/// The example that an administrator installs.
func exampleText() throws -> String {
    let path = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/hooks/vipns.yaml"
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    try #require(descriptor >= 0, "no '\(path)'")
    defer { _ = close(descriptor) }
    var octets = [UInt8](repeating: 0, count: ServiceConfiguration.largestFile)
    let count = unsafe read(descriptor, &octets, octets.count)
    try #require(count > 0)
    return String(decoding: octets[..<count], as: UTF8.self)
}

@Suite struct ExampleTests {
    let host = [link("lo", "127.0.0.1/8"), link("eth1", "10.1.0.2/24")]

    @Test func `the example has no problem where a link has its network`() throws {
        let reading = parse(try exampleText(), host: host)
        #expect(summary(reading) == [])
        #expect(reading.configuration?.pools.map(\.parent) == ["eth1"])
    }

    @Test func `every key that the example comments out is right, and is all there is`() throws {
        // A commented-out key stands alone on its line with a value and no further words than those of a list.
        let keys = [
            "operators", "history", "exclude", "gateway", "parent", "mode", "hold", "exhaustion", "leftovers", "order",
            "mtu",
            "routes", "dns", "low_ports", "sysctls", "inherit",
        ]
        var used: [String] = []
        let lines = try exampleText().split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let text = line.drop { $0 == " " }
            guard let key = keys.first(where: { text.hasPrefix("# \($0): ") && !text.contains("(") }),
                text.hasPrefix("# \(key): "), !text.hasSuffix(".")
            else { return String(line) }
            used.append(key)
            return String(line.prefix { $0 == " " }) + text.dropFirst(2)
        }
        #expect(used == keys)
        let reading = parse(lines.joined(separator: "\n"), host: host)
        #expect(summary(reading) == [])
        let lab = try #require(reading.configuration?.pools.first)
        // What the example calls a default is what the parser takes.
        let bare = try #require(parse(try exampleText(), host: host).configuration?.pools.first)
        #expect((lab.macvlanMode, lab.exhaustion, lab.leftovers) == (bare.macvlanMode, bare.exhaustion, bare.leftovers))
        #expect(bare.hold == .seconds(10))
        #expect(lab.networks.map(\.ranges.count) == [3])
        #expect(lab.order == bare.order)
        #expect(lab.mtuBytes == 1400)
        #expect(lab.routes.count == 1)
        #expect(lab.nameServers.map(\.description) == ["10.1.0.53"])
        #expect(lab.preparation.settings.count == 1)
        #expect(lab.preparation.inherited.count == 1)
    }

    @Test func `the firewall that the example comments out is a key of a pool`() throws {
        // Whether there is such a file is the machine's affair.
        let text = try exampleText().replacing("    # firewall: /", with: "    firewall: /")
        let reading = parse(text, host: host)
        #expect(reading.problems.count <= 1)
        #expect(reading.problems.allSatisfy { $0.text == "firewall '/etc/vipns' does not exist" })
    }

    @Test func `the rules that the example comments out are right, and use every key`() throws {
        let lines = try exampleText().split(separator: "\n", omittingEmptySubsequences: false)
        let begin = try #require(lines.firstIndex(of: "# rules:"))
        let text = lines[..<begin] + lines[begin...].map { $0.dropFirst(2) }
        let reading = parse(text.joined(separator: "\n"), host: host)
        #expect(summary(reading) == [])
        #expect(
            reading.configuration?.loginRules.rules.map(\.description) == [
                "services *; users root: no session",
                "services sshd, gdm-*, xrdp-sesman; groups agents; ttys ssh, :*; "
                    + "remote 192.0.2.0/24, 10.1.0.7, *.example.com: pool 'lab', scope user",
                "services sshd, login: pool 'lab'",
            ])
        // `nested: keep` is the default and does not show.
        for key in ["services", "users", "groups", "ttys", "remote", "pool", "scope", "nested"] {
            #expect(lines[..<begin].contains { $0.hasPrefix("# \(key): ") }, "\(key) is not told of")
            #expect(lines[begin...].contains { $0.contains(" \(key): ") }, "\(key) has no example")
        }
    }
}
