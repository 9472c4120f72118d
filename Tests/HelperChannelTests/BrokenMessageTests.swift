import Addressing
import HelperChannel
import KernelSupport
import Netlink
import Testing

/// A message that breaks one rule of the header is refused by whoever reads it.
struct BrokenMessageTests {
    /// Attribute numbers of `vipns_helper.h`, written again here so that a change there is noticed.
    private enum Attribute: UInt16 {
        case version = 1
        case session, number, cookie, parent, mode, mac, address, prefixLength, gateway, members, count, alive, linked
        case errno, text, checksum, firewall, sysctls, inherit, mtu, routes
        case address6, prefixLength6, gateway6, routes6, asked, answering
        case sessions, listening, pins, inode, namespaces, holders
    }

    private typealias Field = (Attribute, [UInt8])

    private func message(
        _ type: UInt16, _ fields: [Field], flags: UInt16 = 0, sequence: UInt32 = 1
    ) throws -> [UInt8] {
        var request = NetlinkRequest(capacity: 65_536)
        request.begin(type: type, flags: flags, sequence: sequence, purpose: "")
        for (attribute, octets) in fields { request.put(attribute.rawValue, octets: octets) }
        let octets = request.octets
        return try #require(octets)
    }

    private func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    /// A connect request that is right but for what `changed` replaces, and nil takes out.
    private func connect(_ changed: (Attribute, [UInt8]?)...) throws -> [UInt8] {
        var fields: [Field] = [
            (.session, text("k7f3q2m5")), (.parent, text("lan0")), (.mode, [0, 0, 0, 0]),
            (.mac, [2, 0, 10, 77, 0, 101]), (.address, [10, 77, 0, 101]), (.prefixLength, [24, 0, 0, 0]),
            (.gateway, [10, 77, 0, 1]),
        ]
        for (attribute, octets) in changed {
            fields.removeAll { $0.0 == attribute }
            if let octets { fields.append((attribute, octets)) }
        }
        return try message(37, fields)
    }

    private func expectRefusal(_ datagram: [UInt8], _ comment: Comment? = nil) {
        #expect(throws: HelperChannelError.self, comment) { _ = try HelperRequest.decode(datagram) }
    }

    @Test func `the message that the others are made from is right`() throws {
        #expect(
            try HelperRequest.decode(try connect()).request == .connect(try Samples.session(), link: try Samples.link())
        )
    }

    @Test(arguments: [0, 1, 16, 31, 32, 33, 45, 46, 47, 255, 0x8024, 0xffff] as [UInt16])
    func `an unknown type is refused`(type: UInt16) throws { expectRefusal(try message(type, [])) }

    @Test(arguments: [
        (16, 0), (0, 16), (15, 16), (16, 17), (144, 16), (16, 64),
    ])
    func `name servers come in both lists, in whole entries and not too many`(asked: Int, answering: Int) throws {
        let fields: [Field] = [
            (.session, text("k7f3q2m5")), (.number, [0, 0, 0x10, 0]),
            (.asked, [UInt8](repeating: 0x20, count: asked)), (.answering, [UInt8](repeating: 0x20, count: answering)),
        ]
        expectRefusal(try message(36, fields.filter { !$0.1.isEmpty }))
        let right =
            fields.prefix(2) + [
                (.asked, [UInt8](repeating: 0x20, count: 128)), (.answering, [UInt8](repeating: 0x20, count: 48)),
            ]
        _ = try HelperRequest.decode(try message(36, Array(right)))
    }

    @Test func `an attribute that the request does not have is refused`() throws {
        expectRefusal(try message(43, [(.count, [0, 0, 0, 0])]))
        expectRefusal(try connect((.number, [0, 0, 0x10, 0])))
        expectRefusal(try message(37, [(.session, text("k7f3q2m5")), (.gateway, [10, 77, 0, 1])]))
    }

    @Test func `an attribute that is missing is refused`() throws {
        for attribute in [Attribute.session, .parent, .mode, .mac, .address, .prefixLength] {
            expectRefusal(try connect((attribute, nil)), "\(attribute)")
        }
        for type in [34, 36, 38, 40, 41, 42, 43] as [UInt16] { expectRefusal(try message(type, []), "\(type)") }
        for type in [36, 41, 42] as [UInt16] {
            expectRefusal(try message(type, [(.session, text("k7f3q2m5"))]), "\(type)")
            expectRefusal(try message(type, [(.number, [0, 0, 0x10, 0])]), "\(type)")
        }
    }

    @Test func `an attribute twice is refused, even the same`() throws {
        expectRefusal(try message(40, [(.number, [0, 0, 0x10, 0]), (.number, [0, 0, 0x10, 0])]))
        expectRefusal(try message(38, [(.session, text("k7f3q2m5")), (.session, text("k7f3q2m5"))]))
    }

    @Test func `an attribute of another size is refused`() throws {
        for (attribute, right) in [(Attribute.mode, 4), (.mac, 6), (.address, 4), (.prefixLength, 4), (.gateway, 4)] {
            for size in [0, 1, 2, 3, 5, 7, 8, 16] where size != right {
                // All octets 2: a MAC address that would be right, a length and a mode in range where they are one octet.
                expectRefusal(
                    try connect((attribute, [UInt8](repeating: 2, count: size))), "\(attribute) of \(size) octets")
            }
        }
    }

    @Test(arguments: [0, 1, 0xfffff, 0x8000_0000, 0xffff_ffff] as [UInt32])
    func `a namespace number that is not ours to give is refused`(number: UInt32) throws {
        let octets = (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        for type in [40, 43] as [UInt16] { expectRefusal(try message(type, [(.number, octets)])) }
        for type in [36, 41, 42] as [UInt16] {
            expectRefusal(try message(type, [(.session, text("k7f3q2m5")), (.number, octets)]))
        }
    }

    @Test(arguments: [
        "", "k7f3q2m", "k7f3q2m55", "K7F3Q2M5", "k7f3q2m1", "k7f3q2m/", "../../..", "k7f3\u{0}2m5", "äaaaaaa",
    ])
    func `a session id of another grammar is refused`(id: String) throws {
        expectRefusal(try message(38, [(.session, text(id))]))
    }

    @Test func `a text without end, and one that is not UTF-8, are refused`() throws {
        expectRefusal(try message(38, [(.session, Array("k7f3q2m5".utf8))]))
        expectRefusal(try message(38, [(.session, [])]))
        expectRefusal(try connect((.parent, [0xff, 0xfe, 0])))
    }

    @Test(
        arguments: [[3, 0, 0, 0, 0, 1], [1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 1], [0xff, 255, 255, 255, 255, 255]]
            as [[UInt8]])
    func `a MAC address of a maker or of a group is refused`(octets: [UInt8]) throws {
        expectRefusal(try connect((.mac, octets)))
    }

    @Test func `an unknown mode and a length past 32 are refused`() throws {
        expectRefusal(try connect((.mode, [3, 0, 0, 0])))
        expectRefusal(try connect((.mode, [0, 0, 0, 1])))
        expectRefusal(try connect((.prefixLength, [33, 0, 0, 0])))
        expectRefusal(try connect((.prefixLength, [0xff, 0xff, 0xff, 0xff])))
    }

    @Test(arguments: [
        "", "sixteen-letters!", "a/b", "/", ".", "..", "a b", " ", "a\tb", "eth0:1", "a\nb", "a\u{7f}", "ä", "a\u{0}b",
    ])
    func `a parent link of a name that the kernel would not give is refused`(name: String) throws {
        expectRefusal(try connect((.parent, text(name))))
    }

    private func make(_ attribute: Attribute, _ octets: [UInt8]) throws -> [UInt8] {
        try message(36, [(.session, text("k7f3q2m5")), (.number, [0, 0, 0x10, 0]), (attribute, octets)])
    }

    @Test(arguments: [
        "", "/", "a", "/a/", "//a", "/a//b", "/../a", "/a/..", "/./a", "/a\n", "/a\nlan0 0.0.0.0-255.255.255.255",
        "/a\u{7f}", "/" + String(repeating: "x", count: 1023),
    ])
    func `a firewall's path that leads elsewhere or is more than a line is refused`(path: String) throws {
        expectRefusal(try make(.firewall, text(path)))
    }

    @Test(arguments: [
        "", "net", "net.", ".net.a", "net..a", "net.a.", "kernel.core_pattern", "net.../kernel", "net./a", "net.a b",
        "net.ä", "net.a\n", "net.*", "Net.a", "net." + String(repeating: "x", count: 124),
    ])
    func `a setting's name that is no path below net is refused`(name: String) throws {
        expectRefusal(try make(.inherit, text(name)))
        expectRefusal(try make(.sysctls, text(name) + text("1")))
        expectRefusal(try make(.inherit, text("net.a") + text(name)))
    }

    @Test func `settings that are no pairs, no texts or too many are refused`() throws {
        for octets in [[], text("net.a"), text("net.a") + text(""), text("net.a") + text("1\n")] as [[UInt8]] {
            expectRefusal(try make(.sysctls, octets), "\(octets)")
        }
        expectRefusal(try make(.sysctls, text("net.a") + Array("1".utf8)))
        expectRefusal(try make(.sysctls, text("net.a") + [0xff, 0]))
        expectRefusal(try make(.sysctls, text("net.a") + text(String(repeating: "1", count: 128))))
        expectRefusal(try make(.sysctls, (0..<65).flatMap { text("net.a\($0)") + text("1") }))
        expectRefusal(try make(.inherit, (0..<65).flatMap { text("net.a\($0)") }))
    }

    @Test func `an MTU and routes that cannot be are refused`() throws {
        for mtu in [[], [67, 0, 0, 0], [0, 0, 1, 0], [0xff, 0xff, 0xff, 0xff], [68, 0]] as [[UInt8]] {
            expectRefusal(try connect((.mtu, mtu)), "\(mtu)")
        }
        let route: [UInt8] = [10, 2, 0, 0, 16, 0, 0, 0, 10, 77, 0, 9]
        #expect(throws: Never.self) { _ = try HelperRequest.decode(try connect((.routes, route))) }
        for routes in [
            [], route.dropLast(), route + [0], [10, 2, 0, 1] + route[4...], route[..<4] + [33, 0, 0, 0] + route[8...],
            (0..<65).flatMap { _ in route },
        ] as [[UInt8]] { expectRefusal(try connect((.routes, Array(routes))), "\(routes)") }
    }

    /// All octets of fd76::101, and of a gateway that neighbours it.
    private static let six: [UInt8] = [0xfd, 0x76] + [UInt8](repeating: 0, count: 12) + [1, 1]

    @Test func `a pair, and either of the two alone, is understood`() throws {
        let pair = try connect((.address6, Self.six), (.prefixLength6, [64, 0, 0, 0]), (.gateway6, Self.six))
        let alone = try connect(
            (.address, nil), (.prefixLength, nil), (.gateway, nil), (.address6, Self.six),
            (.prefixLength6, [128, 0, 0, 0]))
        for (datagram, count) in [(pair, 2), (alone, 1)] {
            guard case .connect(_, let link) = try HelperRequest.decode(datagram).request else { continue }
            #expect(link?.addresses.count == count)
            #expect(link?.addresses.last?.address.description == "fd76::101")
        }
    }

    @Test func `what belongs to an address that is not there is refused`() throws {
        expectRefusal(try connect((.address, nil), (.prefixLength, nil), (.gateway, nil)), "no address")
        expectRefusal(try connect((.gateway6, Self.six)))
        expectRefusal(try connect((.prefixLength6, [64, 0, 0, 0])))
        let route6: [UInt8] = Self.six + [128, 0, 0, 0] + Self.six
        expectRefusal(try connect((.routes6, route6)))
        let alone = [
            (Attribute.address, [UInt8]?.none), (.prefixLength, nil), (.gateway, nil), (.address6, Self.six),
            (.prefixLength6, [64, 0, 0, 0]),
        ]
        for (attribute, octets) in [
            (Attribute.gateway, [10, 77, 0, 1]), (.prefixLength, [24, 0, 0, 0]),
            (.routes, [10, 2, 0, 0, 16, 0, 0, 0, 10, 77, 0, 9]),
        ] as [(Attribute, [UInt8])] {
            expectRefusal(
                try connect(
                    alone[0], alone[1], alone[2], alone[3], alone[4], (attribute, octets)), "\(attribute)")
        }
        expectRefusal(try message(37, [(.session, text("k7f3q2m5")), (.address6, Self.six)]))
    }

    @Test func `IPv6 of another size, length or form is refused`() throws {
        for size in [0, 4, 15, 17] {
            let octets = [UInt8](repeating: 2, count: size)
            expectRefusal(try connect((.address6, octets), (.prefixLength6, [64, 0, 0, 0])), "\(size)")
            expectRefusal(
                try connect((.address6, Self.six), (.prefixLength6, [64, 0, 0, 0]), (.gateway6, octets)), "\(size)")
        }
        expectRefusal(try connect((.address6, Self.six)))
        for length in [[129, 0, 0, 0], [0, 1, 0, 0], [0xff, 0xff, 0xff, 0xff], [64], []] as [[UInt8]] {
            expectRefusal(try connect((.address6, Self.six), (.prefixLength6, length)), "\(length)")
        }
        let route: [UInt8] = Self.six + [128, 0, 0, 0] + Self.six
        func routes(_ octets: [UInt8]) throws -> [UInt8] {
            try connect((.address6, Self.six), (.prefixLength6, [64, 0, 0, 0]), (.routes6, octets))
        }
        #expect(throws: Never.self) { _ = try HelperRequest.decode(try routes(route + route)) }
        for octets in [
            [], route.dropLast(), route + [0], Self.six + [127, 0, 0, 0] + Self.six,
            Self.six + [129, 0, 0, 0] + Self.six, (0..<65).flatMap { _ in route },
        ] as [[UInt8]] { expectRefusal(try routes(Array(octets)), "\(octets.count)") }
    }

    @Test func `lists of pins and of namespaces come in whole entries, some and not too many`() throws {
        let pin = Array("k7f3q2m5".utf8) + [0, 0, 0x10, 0]
        let namespace = [0, 0, 0x10, 0] + [UInt8](repeating: 1, count: 16)
        for (type, attribute, entry) in [(50, Attribute.pins, pin), (52, .namespaces, namespace)]
            as [(UInt16, Attribute, [UInt8])]
        {
            _ = try HelperRequest.decode(try message(type, [(attribute, entry + entry)]))
            let many = [[UInt8]](repeating: entry, count: 1025).flatMap(\.self)
            for octets in [[], Array(entry.dropLast()), entry + [0], many] {
                expectRefusal(try message(type, [(attribute, octets)]), "\(type): \(octets.count) octets")
            }
        }
        // An id of another grammar, which would be a path; numbers that are not ours.
        expectRefusal(try message(50, [(.pins, Array("../../..".utf8) + [0, 0, 0x10, 0])]))
        expectRefusal(try message(50, [(.pins, Array("k7f3q2m5".utf8) + [0, 0, 0, 0])]))
        expectRefusal(try message(52, [(.namespaces, [UInt8](repeating: 0xff, count: 20))]))
        expectRefusal(try message(51, [(.session, text("k7f3q2m5"))]), "restore without a number")
        expectRefusal(try message(49, [(.count, [0, 0, 0, 0])]), "an audit asks for nothing")
    }

    @Test func `a holder by unknown means is refused`() throws {
        let answer = try message(52, [(.holders, [0, 0, 0x10, 0, 1, 0, 0, 0, 3] + [UInt8](repeating: 0, count: 19))])
        #expect(throws: HelperChannelError.self) { _ = try HelperAnswer.decode(answer) }
    }

    @Test func `sequence 0, flags and a port are refused`() throws {
        expectRefusal(try message(44, [], sequence: 0))
        for flags in [1, 2, 4, 0x100, 0x300] as [UInt16] { expectRefusal(try message(44, [], flags: flags)) }
        var ported = try message(44, [])
        ported[12] = 1
        expectRefusal(ported)
        let flagged = try message(32, [], flags: 2)
        #expect(throws: HelperChannelError.self) { _ = try HelperAnswer.decode(flagged) }
    }

    @Test func `more than one message, and less, is refused`() throws {
        let list = try message(44, [])
        expectRefusal([])
        expectRefusal(list + list)
        for count in 1...20 { expectRefusal(list + [UInt8](repeating: 0, count: count), "\(count) octets more") }
        for count in 1...15 { expectRefusal(Array(list.prefix(count)), "\(count) octets") }
    }

    @Test func `a datagram past the limit is refused, whatever it holds`() throws {
        let large = try message(37, [(.session, text("k7f3q2m5")), (.text, [UInt8](repeating: 0x61, count: 32_768))])
        #expect(large.count > HelperProtocol.messageSize)
        expectRefusal(large)
    }

    @Test func `an answer with a flag that is neither yes nor no is refused`() throws {
        let answer = try message(41, [(.alive, [2])])
        #expect(throws: HelperChannelError.self) { _ = try HelperAnswer.decode(answer) }
        let members = try message(39, [(.members, [UInt8](repeating: 0, count: 12))])
        #expect(throws: HelperChannelError.self) { _ = try HelperAnswer.decode(members) }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `changed messages are refused or understood, and never trap`(seed: UInt64) throws {
        var dice = Dice(seed: seed)
        let requests = try Samples.requests().map { try $0.encoded(sequence: 1) }
        let answers = try Samples.answers().map { try $0.encoded(sequence: 1) }
        var refused = 0
        for round in 0..<20_000 {
            let samples = round % 2 == 0 ? requests : answers
            let datagram = dice.mutate(samples[Int.random(in: 0..<samples.count, using: &dice)])
            if let read = try? HelperRequest.decode(datagram) {
                // What is understood can be written again.
                #expect(try HelperRequest.decode(try read.request.encoded(sequence: 1)).request == read.request)
            } else {
                refused += 1
            }
            _ = try? HelperAnswer.decode(datagram)
        }
        #expect(refused > 1000)
    }
}
