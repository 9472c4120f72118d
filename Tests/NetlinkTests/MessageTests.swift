import KernelSupport
import Testing

@testable import Netlink

/// What comes from the kernel is taken apart by lengths that are checked one by one.
struct MessageTests {
    /// Header of 16 octets: length, type, flags, sequence, port.
    private func message(length: UInt8, type: UInt8, flags: UInt16 = 0, _ body: [UInt8]) -> [UInt8] {
        [length, 0, 0, 0, type, 0, UInt8(flags & 0xff), UInt8(flags >> 8), 9, 0, 0, 0, 3, 0, 0, 0] + body
    }

    private func first(_ datagram: [UInt8]) throws -> NetlinkMessage {
        try #require(NetlinkMessage.split(datagram)?.first)
    }

    @Test func `messages of one datagram are told apart`() throws {
        let datagram = message(length: 18, type: 40, [1, 2]) + [0, 0] + message(length: 16, type: 41, [])
        let messages = try #require(NetlinkMessage.split(datagram))
        #expect(messages.map(\.type) == [40, 41])
        #expect(messages.map(\.sequence) == [9, 9])
        #expect(messages.map(\.port) == [3, 3])
        #expect(messages.map { Array($0.body) } == [[1, 2], []])
    }

    @Test(arguments: [
        [0], [UInt8](repeating: 0, count: 16), [15, 0, 0, 0] + [UInt8](repeating: 0, count: 12),
        [17, 0, 0, 0] + [UInt8](repeating: 0, count: 12), [0xff, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 12),
        [16, 0, 0, 0] + [UInt8](repeating: 0, count: 13), [16, 0, 0, 0] + [UInt8](repeating: 0, count: 11),
    ])
    func `a length that points outside spoils the datagram`(datagram: [UInt8]) {
        #expect(NetlinkMessage.split(datagram) == nil)
    }

    @Test func `nothing is no message`() throws {
        #expect(NetlinkMessage.split([])?.isEmpty == true)
    }

    @Test func `attributes are found by type, nested ones inside, unknown ones are skipped`() throws {
        // swift-format-ignore
        let octets: [UInt8] = [
            8, 0, 1, 0, 5, 0, 0, 0,                  // type 1: 5
            4, 0, 2, 0,                              // type 2: nothing
            7, 0, 3, 0, 0x61, 0x62, 0, 0,            // type 3: "ab"
            16, 0, 4, 0x80,                          // type 4, nested
            5, 0, 1, 0, 200, 0, 0, 0,                //   type 1: 200
            4, 0, 7, 0x40,                           //   type 7, network order
            8, 0, 0xff, 0x3f, 1, 2, 3, 4,            // type nobody knows
        ]
        let attributes = try #require(NetlinkAttributes(octets[...]))
        #expect(attributes.number(1, UInt32.self) == 5)
        #expect(attributes.number(1, UInt16.self) == nil)
        #expect(attributes.octets(2)?.isEmpty == true)
        #expect(attributes.string(3) == "ab")
        #expect(attributes.nest(4)?.number(1, UInt8.self) == 200)
        #expect(attributes.nest(4)?.octets(7)?.isEmpty == true)
        #expect(attributes.octets(9) == nil)
    }

    @Test(
        arguments: [
            [3, 0, 1, 0], [0, 0, 1, 0], [5, 0, 1, 0], [9, 0, 1, 0, 1, 2, 3, 4], [4, 0, 1], [1],
            [8, 0, 1, 0, 1, 2, 3, 4, 4], [0xff, 0xff, 0xff, 0xff],
        ] as [[UInt8]])
    func `an attribute that points outside spoils all`(octets: [UInt8]) {
        #expect(NetlinkAttributes(octets[...]) == nil)
    }

    @Test func `the last octets of a padding may be missing`() throws {
        let attributes = try #require(NetlinkAttributes([6, 0, 1, 0, 1, 2]))
        #expect(attributes.octets(1).map(Array.init) == [1, 2])
    }

    @Test func `a message shorter than its family's header has no attributes`() throws {
        let messages = try #require(NetlinkMessage.split(message(length: 19, type: 16, [1, 2, 3])))
        #expect(messages.first?.attributes(afterHeader: 4) == nil)
        #expect(messages.first?.attributes(afterHeader: 3)?.all.isEmpty == true)
    }

    @Test(arguments: [
        (UInt16(0), [0, 0, 0, 0], Int32(0), String?.none),
        (0, [0xff, 0xff, 0xff, 0xff], 1, nil),
        (0, [0x9e, 0xff, 0xff, 0xff], 98, nil),
        // NLM_F_ACK_TLVS and NLM_F_CAPPED, with and without text.
        (0x300, [0xea, 0xff, 0xff, 0xff] + header + [8, 0, 1, 0, 0x6e, 0x6f, 0x21, 0], 22, "no!"),
        (0x300, [0xea, 0xff, 0xff, 0xff] + header + [8, 0, 2, 0, 4, 0, 0, 0], 22, nil),
        (0x300, [0xea, 0xff, 0xff, 0xff] + header, 22, nil),
        // Attributes that are not there or broken take nothing from the number.
        (0x300, [0xea, 0xff, 0xff, 0xff], 22, nil),
        (0x300, [0xea, 0xff, 0xff, 0xff] + header + [200, 0, 1, 0], 22, nil),
        // The flag that announces text is missing.
        (0x100, [0xea, 0xff, 0xff, 0xff] + header + [8, 0, 1, 0, 0x6e, 0x6f, 0x21, 0], 22, nil),
        (0, [0, 0, 0, 0x80], Int32.min, nil),
    ])
    func `an answer brings a number and, where the kernel has one, a text`(
        flags: UInt16, body: [UInt8], error: Int32, text: String?
    ) throws {
        let datagram = message(length: UInt8(16 + body.count), type: 2, flags: flags, body)
        let answer = try #require(try first(datagram).acknowledgement)
        #expect(answer.error == error)
        #expect(answer.text == text)
    }

    /// The header of the refused request, as a capped answer brings it back.
    private static let header: [UInt8] = [120, 0, 0, 0, 16, 0, 5, 6, 2, 0, 0, 0, 0, 0, 0, 0]

    @Test func `an answer without number, and another type, are no answer`() throws {
        for datagram in [message(length: 19, type: 2, [0, 0, 0]), message(length: 20, type: 3, [0, 0, 0, 0])] {
            #expect(try first(datagram).acknowledgement == nil)
        }
    }

    @Test(arguments: [(UInt8(88), NamespaceNumberEvent?.some(.assigned(7))), (89, .gone(7)), (90, nil), (16, nil)])
    func `numbers given and gone are events`(type: UInt8, event: NamespaceNumberEvent?) throws {
        let datagram = message(length: 28, type: type, [0, 0, 0, 0, 8, 0, 1, 0, 7, 0, 0, 0])
        #expect(NamespaceNumberEvent(try first(datagram)) == event)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `random octets never trap`(seed: UInt64) {
        var dice = Dice(seed: seed)
        let body = [0xea, 0xff, 0xff, 0xff] + Self.header + [8, 0, 1, 0, 1, 2, 3, 4]
        let good = message(length: 44, type: 2, flags: 0x300, body)
        var understood = 0
        for round in 0..<20_000 {
            let datagram = round % 4 == 0 ? dice.octets(Int.random(in: 0...80, using: &dice)) : dice.mutate(good)
            for message in NetlinkMessage.split(datagram) ?? [] {
                understood += 1
                _ = message.acknowledgement
                _ = NamespaceNumberEvent(message)
                guard let attributes = message.attributes(afterHeader: 4) else { continue }
                for attribute in attributes.all {
                    _ = attributes.string(attribute.type)
                    _ = attributes.number(attribute.type, UInt64.self)
                    _ = attributes.nest(attribute.type)
                }
            }
        }
        #expect(understood > 1000)
    }
}
