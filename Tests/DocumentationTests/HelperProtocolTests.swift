import HelperChannel
import Testing

/// docs/protocol.md against `vipns_helper.h` and the encoder.
struct HelperProtocolTests {
    @Test func `every constant, message and attribute of the header is named`() throws {
        let page = try Document("docs/protocol.md")
        let header = try Document("Sources/CProtocol/include/vipns_helper.h")
        let names = Set(header.text.matches(of: /\bVIPNS_[A-Z0-9_]+\b/).map { String($0.output) })
            .subtracting(["VIPNS_HELPER_H"])
        #expect(names.count > 30)
        for name in names.sorted() { #expect(page.names(name), "\(name) is not explained") }
    }

    @Test func `the examples of requests are what the encoder makes`() throws {
        let examples = try Document("docs/protocol.md").blocks("request")
        #expect(examples.count >= 3)
        for example in examples {
            let octets = try Self.octets(example)
            let (sequence, request) = try HelperRequest.decode(octets)
            #expect(try request.encoded(sequence: sequence) == octets)
        }
    }

    @Test func `the examples of answers are what the encoder makes`() throws {
        let examples = try Document("docs/protocol.md").blocks("answer")
        #expect(examples.count >= 3)
        for example in examples {
            let octets = try Self.octets(example)
            let (sequence, answer) = try HelperAnswer.decode(octets)
            #expect(try answer.encoded(sequence: sequence) == octets)
        }
    }

    /// The octets of a block; what follows three blanks explains.
    private static func octets(_ lines: [String]) throws -> [UInt8] {
        try lines.flatMap { line in
            let count = line.firstRange(of: "   ").map { line.distance(from: line.startIndex, to: $0.lowerBound) }
            return try line.prefix(count ?? line.count).split(separator: " ").map { word in
                try #require(word.count == 2 ? UInt8(word, radix: 16) : nil, "'\(word)' is no octet")
            }
        }
    }
}
