import Addressing
import HelperChannel
import Netlink
import Testing

/// One of each kind, with every attribute that may be missing once there and once not.
enum Samples {
    static func session() throws -> SessionID { try #require(SessionID("k7f3q2m5")) }

    static func link(
        parent: String = "lan0", mode: MacvlanLinkMode = .bridge, gateway: String? = "10.77.0.1", mtuBytes: Int? = nil,
        routes: [Route] = []
    ) throws -> SessionLink {
        SessionLink(
            parent: parent, mode: mode, mac: try #require(MACAddress("02:00:0a:4d:00:65")),
            addresses: [
                SessionAddress(
                    prefix: try #require(IPPrefix("10.77.0.101/24")),
                    gateway: try gateway.map { try #require(IPAddress($0)) })
            ], mtuBytes: mtuBytes, routes: routes)
    }

    /// A link with a pair, or with the IPv6 address alone.
    static func link6(isPair: Bool = true, gateway: String? = "fe80::1", routes: [Route] = []) throws -> SessionLink {
        let plain = try link(gateway: nil)
        let six = SessionAddress(
            prefix: try #require(IPPrefix("fd76:6970:6e73::101/64")),
            gateway: try gateway.map { try #require(IPAddress($0)) })
        return SessionLink(
            parent: plain.parent, mode: plain.mode, mac: plain.mac, addresses: (isPair ? plain.addresses : []) + [six],
            routes: routes)
    }

    static func preparation() throws -> NamespacePreparation {
        let time = try #require(NetworkSettingName("net.ipv4.tcp_keepalive_time"))
        let ports = try #require(NetworkSettingName("net.ipv4.ip_local_port_range"))
        return NamespacePreparation(
            settings: [try #require(NetworkSetting(time, "600"))], inherited: [ports], firewall: "/etc/vipns/a.nft",
            nameServers: NameServerRedirection(
                asked: ["127.0.0.53", "2001:db8::53"].compactMap { IPAddress($0) },
                answering: ["10.77.0.53"].compactMap { IPAddress($0) }))
    }

    static func routes6(_ count: Int) throws -> [Route] {
        try (0..<count).map {
            Route(to: try #require(IPPrefix("2001:db8:\($0)::/48")), via: try #require(IPAddress("fe80::9")))
        }
    }

    static func routes(_ count: Int) throws -> [Route] {
        try (0..<count).map {
            Route(to: try #require(IPPrefix("10.\($0).0.0/16")), via: try #require(IPAddress("10.77.0.9")))
        }
    }

    /// As much of everything as a request may have.
    static func largest() throws -> NamespacePreparation {
        let names = try (0..<NamespacePreparation.mostSettings).map { index in
            let name = "net.\(index)."
            let rest = String(repeating: "x", count: NetworkSettingName.longest - name.utf8.count)
            return try #require(NetworkSettingName(name + rest))
        }
        let value = String(repeating: "9", count: NetworkSetting.longestValue)
        return NamespacePreparation(
            settings: try names.map { try #require(NetworkSetting($0, value)) }, inherited: names,
            firewall: "/" + String(repeating: "x", count: NamespacePreparation.longestPath - 1),
            nameServers: NameServerRedirection(
                asked: (0..<NameServerRedirection.mostAsked).map { IPAddress(ipv6: .max - UInt128($0)) },
                answering: (0..<NameServerRedirection.mostAnswering).map { IPAddress(ipv4: .max - UInt32($0)) }))
    }

    static func requests() throws -> [HelperRequest] {
        let session = try session()
        let links = try MacvlanLinkMode.allCases.map { try link(mode: $0) }
        return [
            .hello(version: 1), .hello(version: .max), .listen, .make(session, number: 0x100000),
            .make(session, number: UInt32(Int32.max)), .connect(session, link: nil),
            .connect(session, link: try link(parent: "fifteen-letters", gateway: nil)), .join(session), .members,
            .kill(number: 0x100001), .dismantle(session, number: 0x100002), .unpin(session, number: 0x100003),
            .deleteLink(number: 0x100004), .list, .reload(checksum: .max), .settle(checksum: 0),
            .deleteLink(number: 0x100004), .list, .make(session, number: 0x100005, preparation: try preparation()),
            .make(session, number: 0x100006, preparation: try largest()),
            .make(session, number: 0x100007, preparation: NamespacePreparation(firewall: "/x")),
            .connect(session, link: try link(mtuBytes: 68, routes: try routes(1))),
            .connect(session, link: try link(gateway: nil, mtuBytes: 65_535, routes: try routes(64))),
            .connect(session, link: try link6()), .connect(session, link: try link6(isPair: false, gateway: nil)),
            .connect(session, link: try link6(isPair: false, routes: try routes6(1))),
            .connect(session, link: try link6(gateway: nil, routes: try routes(64) + routes6(64))),
            .survey(
                known: (0..<HelperRequest.mostKnown).map { .init(session: session, number: 0x100000 + UInt32($0)) }),
            .audit, .pin([.init(session: session, number: 0x100000)]),
            .pin((0..<HelperRequest.mostEntries).map { .init(session: session, number: 0x100000 + UInt32($0)) }),
            .restore(session, number: 0x100000, link: nil), .restore(session, number: 0x100001, link: try link6()),
            .look(number: 0x100003), .holders([.init(number: 0x100000, cookie: 0, inode: .max)]),
            .holders((0..<HelperRequest.mostEntries).map { .init(number: 0x100000 + UInt32($0), cookie: 1, inode: 0) }),
        ] + links.map { .connect(session, link: $0) }
    }

    static func holder(_ means: HelperAnswer.Holder.Means) -> HelperAnswer.Holder {
        HelperAnswer.Holder(
            number: 0x100001, pid: 4711, means: means, program: means == .mount ? "" : "fifteen-letters")
    }

    static func answers() throws -> [HelperAnswer] {
        let session = try session()
        return [
            .done, .failed(HelperFailure(errno: 98, description: "cannot")), .hello(version: 1), .cookie(.max),
            .count(0), .count(.max), .alive(true, inode: nil), .alive(false, inode: .max), .members([]),
            .members([.init(number: 0x100000, pid: 1), .init(number: 0x100001, pid: .max)]),
            .found(.init(session: session, number: 0x100000, cookie: 4711, hasLink: true)),
            .found(.init(session: nil, number: nil, cookie: nil, hasLink: false)),
            .audited([], .init(isListening: true, mended: nil)), .audited([session], nil),
            .audited([session], .init(isListening: false, mended: "its socket")), .pinned([]),
            .pinned([session, session]), .restored(nil), .restored("link 'eth0'"), .holders([]),
            .holders(HelperAnswer.Holder.Means.allCases.map(holder)), .gone(number: 0x100000),
            .changed(number: 0x100000), .overrun,
            .claimed(IPAddress(ipv4: 0x0a4d_0065), by: try #require(MACAddress("52:54:00:00:00:01"))), .link(nil),
            .link(try link(gateway: nil)), .link(try link6()),
        ]
    }
}
