import Addressing
import Foundation
import Glibc
import KernelSupport
import LinuxSystem
import Netlink
import SessionNetwork
import Testing

/// What a pool asks for beyond an address, as it is inside; each test on a host of its own.
@Suite(.needsRoot, .timeLimit(.minutes(1))) struct PreparationTests {
    @Test func `a firewall is loaded inside, and the host has none of it`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let rules = "table inet session {\n  chain in {\n    tcp dport 7 drop\n  }\n}\n"
                let script = try host.write(rules, to: "/run/a.nft")
                let opened = try host.make(NamespacePreparation(firewall: script))
                // There is no link yet: nothing can have passed.
                #expect(try host.links(of: opened.name).map(\.ifname) == ["lo"])
                #expect(try host.ip("netns exec \(opened.name) nft list ruleset").contains("tcp dport 7 drop"))
                #expect(try host.run("/usr/sbin/nft", ["list", "tables"]) == "")
                let other = try host.make(NamespacePreparation(firewall: script))
                #expect(try host.ip("netns exec \(other.name) nft list ruleset").contains("tcp dport 7 drop"))
                for opened in [opened, other] { _ = try host.networks.dismantle(opened.session, number: opened.number) }
            }
        }
    }

    @Test func `a firewall that nft refuses makes no session, and its words are told`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let script = try host.write("table inet session {\n  chain in { drpp\n} }\n", to: "/run/a.nft")
                let error = expectError { _ = try host.make(NamespacePreparation(firewall: script)) }
                #expect(
                    error?.description
                        == "cannot load firewall '/run/a.nft': line 2:18-18: Error: syntax error, unexpected newline")
                #expect(try host.numbers().isEmpty)
            }
        }
    }

    @Test func `a firewall that others may have written is not loaded`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                try host.run("/usr/bin/mkdir", ["-m", "777", "/run/open"])
                try host.run("/usr/bin/mkdir", ["-m", "1777", "/run/sticky"])
                for path in ["/run/a.nft", "/run/open/a.nft", "/run/sticky/a.nft"] { _ = try host.write("", to: path) }
                let opened = try host.make(NamespacePreparation(firewall: "/run/sticky/a.nft"))
                _ = try host.networks.dismantle(opened.session, number: opened.number)
                func reason(_ path: String) -> String? {
                    expectError { _ = try host.make(NamespacePreparation(firewall: path)) }?.description
                }
                #expect(
                    reason("/run/open/a.nft")
                        == "cannot load firewall '/run/open/a.nft': '/run/open' can be written by others than root")
                try host.run("/usr/bin/chmod", ["g+w", "/run/a.nft"])
                #expect(
                    reason("/run/a.nft")
                        == "cannot load firewall '/run/a.nft': '/run/a.nft' can be written by others than root")
                try host.run("/usr/bin/chmod", ["g-w", "/run/a.nft"])
                try host.run("/usr/bin/chown", ["65534", "/run/a.nft"])
                #expect(
                    reason("/run/a.nft")
                        == "cannot load firewall '/run/a.nft': '/run/a.nft' belongs to user 65534, not to root")
                try host.run("/usr/bin/ln", ["-sf", "/run/sticky/a.nft", "/run/link"])
                #expect(reason("/run/link")?.contains("no part may be a symbolic link") == true)
                #expect(reason("/run/none") == "cannot load firewall '/run/none': No such file or directory")
                try host.run("/usr/bin/mkfifo", ["/run/fifo"])
                #expect(reason("/run/fifo") == "cannot load firewall '/run/fifo': '/run/fifo' is not a regular file")
            }
        }
    }

    @Test func `settings are written inside alone, and the host's are handed down`() async {
        await #expect(processExitsWith: .success) {
            try TestHost.run { host in
                let time = try #require(NetworkSettingName("net.ipv4.tcp_keepalive_time"))
                let ports = try #require(NetworkSettingName("net.ipv4.ip_local_port_range"))
                try writeFile(ports.path, "40000 50001")
                let opened = try host.make(
                    NamespacePreparation(
                        settings: [try #require(NetworkSetting(time, "601"))], inherited: [ports]))
                #expect(try host.ip("netns exec \(opened.name) cat \(time.path)") == "601\n")
                #expect(try host.ip("netns exec \(opened.name) cat \(ports.path)") == "40000\t50001\n")
                #expect(try readTextFile(time.path) == "7200\n")
                let inside = try host.ip("netns exec \(opened.name) cat /proc/sys/net/ipv6/conf/default/disable_ipv6")
                #expect(inside == "1\n")
                _ = try host.networks.dismantle(opened.session, number: opened.number)
            }
        }
    }

    /// What the kernel says of a setting that only the host has.
    ///
    /// Kernel < 6.11: net.core.rmem_max is not shown inside at all.
    private static let hostsOwn =
        KernelVersion.running < KernelVersion(6, 11) ? "No such file or directory" : "Permission denied"

    @Test(arguments: [
        ("net.ipv4.no_such", "1", "No such file or directory"), ("net.ipv4.ip_forward", "x", "Invalid argument"),
        ("net.core.rmem_max", "1", hostsOwn),
    ])
    func `a setting that cannot be made makes no session`(text: String, value: String, reason: String) async {
        await #expect(processExitsWith: .success) { [text, value, reason] in
            try TestHost.run { host in
                let name = try #require(NetworkSettingName(text))
                let setting = try #require(NetworkSetting(name, value))
                let error = expectError { _ = try host.make(NamespacePreparation(settings: [setting])) }
                let words = error?.description ?? ""
                #expect(words.hasPrefix("cannot set '\(text)' to '\(value)' in a session: \(reason)"), "\(words)")
                #expect(try host.numbers().isEmpty)
            }
        }
    }

    /// root alone may read the first; the others are not to be set inside.
    private static let secrets =
        [
            ("net.ipv6.conf.lan0.stable_secret", "cannot read the host's '", "' for a session: Permission denied"),
            (
                "net.ipv6.conf.lan0.hop_limit", "cannot set '",
                "' to the host's value in a session: No such file or directory"
            ),
        ]
        // Kernel < 6.11: this host, which is in a namespace itself, does not have it either.
        + [("net.core.rmem_max", "cannot set '", "' to the host's value in a session: Permission denied")].filter { _ in
            KernelVersion.running >= KernelVersion(6, 11)
        }

    @Test(arguments: secrets)
    func `a value of the host is told nobody`(text: String, begin: String, end: String) async {
        await #expect(processExitsWith: .success) { [text, begin, end] in
            try TestHost.run { host in
                let name = try #require(NetworkSettingName(text))
                if text.hasSuffix("secret") { try writeFile(name.path, "2001:db8::5ec:1e7") }
                if text.hasSuffix("limit") { try writeFile(name.path, "177") }
                let value = try readTextFile(name.path).filter { !$0.isWhitespace }
                let error = expectError { _ = try host.make(NamespacePreparation(inherited: [name])) }
                let words = error?.description ?? ""
                #expect(words.hasPrefix("\(begin)\(text)\(end)"), "\(words)")
                #expect(!value.isEmpty && !words.contains(value), "\(words)")
                #expect(try host.numbers().isEmpty)
            }
        }
    }

    @Test func `MTU and routes`() async {
        await #expect(processExitsWith: .success) {
            struct Link: Decodable {
                let mtu: Int
            }
            struct Row: Decodable, Hashable {
                let dst: String
                let gateway: String?
            }
            try TestHost.run { host in
                let plain = try TestHost.link(101)
                let routes = try (1...SessionLink.mostRoutes).map {
                    Route(
                        to: try #require(IPPrefix("10.\($0 + 100).0.0/16")), via: try #require(IPAddress("10.77.0.9")))
                }
                let opened = try host.make()
                _ = try host.networks.connect(opened.session, link: plain.with(mtuBytes: 1280, routes: routes))
                let inside = "netns exec \(opened.name) ip -json"
                #expect(try host.decode([Link].self, try host.ip("\(inside) link show eth0")).map(\.mtu) == [1280])
                let rows = try host.decode([Row].self, try host.ip("\(inside) route"))
                #expect(rows.filter { $0.gateway == "10.77.0.9" }.count == SessionLink.mostRoutes)
                #expect(rows.contains(Row(dst: "10.101.0.0/16", gateway: "10.77.0.9")))
                #expect(rows.contains(Row(dst: "default", gateway: "10.77.0.1")))
                let second = try host.make()
                let error = expectError {
                    _ = try host.networks.connect(
                        second.session, link: try TestHost.link(102).with(mtuBytes: 9000, routes: []))
                }
                #expect(
                    error?.description
                        == "cannot create macvlan 'eth0' with MAC address 02:00:0a:4d:00:66 and MTU 9000 on parent link "
                        + "'lan0': Invalid argument (the MTU must not be above the parent link's)")
                for opened in [opened, second] {
                    _ = try host.networks.dismantle(opened.session, number: opened.number)
                }
            }
        }
    }
}

extension TestHost {
    /// Makes a session with what a pool asks for.
    fileprivate func make(_ preparation: NamespacePreparation) throws -> Opened {
        let opened = Opened(session: .random(), number: nextNumber())
        _ = try networks.make(opened.session, number: opened.number, preparation: preparation)
        return opened
    }

    /// Writes a file of root's alone; gives its path.
    fileprivate func write(_ text: String, to path: String) throws -> String {
        try writeFile(path, text, flags: O_CREAT | O_TRUNC)
        return path
    }
}

extension SessionLink {
    fileprivate func with(mtuBytes: Int, routes: [Route]) -> SessionLink {
        SessionLink(
            parent: parent, mode: mode, mac: mac, addresses: addresses, mtuBytes: mtuBytes, routes: routes)
    }
}
