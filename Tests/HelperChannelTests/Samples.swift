import Addressing
import HelperChannel
import Netlink
import Testing

/// One of each kind, with every attribute that may be missing once there and once not.
enum Samples {
    static func session() throws -> SessionID { try #require(SessionID("k7f3q2m5")) }

    static func link(
        parent: String = "lan0", mode: MacvlanLinkMode = .bridge, gateway: String? = "10.77.0.1"
    ) throws -> SessionLink {
        SessionLink(
            parent: parent, mode: mode, mac: try #require(MACAddress("02:00:0a:4d:00:65")),
            address: try #require(IPPrefix("10.77.0.101/24")),
            gateway: try gateway.map { try #require(IPAddress($0)) })
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
        ] + links.map { .connect(session, link: $0) }
    }

    static func answers() throws -> [HelperAnswer] {
        let session = try session()
        return [
            .done, .failed(HelperFailure(errno: 98, description: "cannot")), .hello(version: 1), .cookie(.max),
            .count(0), .count(.max), .alive(true), .alive(false), .members([]),
            .members([.init(number: 0x100000, pid: 1), .init(number: 0x100001, pid: .max)]),
            .found(.init(session: session, number: 0x100000, cookie: 4711, hasLink: true)),
            .found(.init(session: nil, number: nil, cookie: nil, hasLink: false)),
            .gone(number: 0x100000), .overrun,
        ]
    }
}
