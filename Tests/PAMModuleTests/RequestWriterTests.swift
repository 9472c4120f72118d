import Foundation
import Testing

@testable import PAMModule

@Suite struct RequestWriterTests {
    /// The request, parsed by Foundation's reader, which knows nothing of the writer.
    private func written(_ value: [UInt8]) throws -> (text: String, isWhole: Bool) {
        try withText(value) { text in
            var writer = try RequestWriter(method: "io.vipns.Login")
            let isWhole = writer.add("user", text)
            let request = try writer.finish()
            var octets = (0..<request.count).map { request[$0] }
            #expect(octets.removeLast() == 0)
            #expect(!octets.contains(0))
            let object = try JSONSerialization.jsonObject(with: Data(octets)) as? [String: Any]
            #expect(object?["method"] as? String == "io.vipns.Login")
            let parameters = try #require(object?["parameters"] as? [String: String])
            return (try #require(parameters["user"]), isWhole)
        }
    }

    @Test(arguments: [
        "alice", "", "a\"b\\c/d", "{}[]:,", "\u{1}\u{8}\t\n\r\u{1F}\u{7F}", "é€😀", "pts/3", "2001:db8::1",
        "fe80::1%eth0",
        "\",\"user\":\"root",
    ])
    func `a text arrives as it is`(text: String) throws {
        let (read, isWhole) = try written(Array(text.utf8))
        #expect(read == text)
        #expect(isWhole)
    }

    @Test(
        arguments: [
            ([0x61, 0x80, 0x62], "a\u{FFFD}b"), ([0xC3], "\u{FFFD}"), ([0xC0, 0xAF], "\u{FFFD}\u{FFFD}"),
            ([0xE2, 0x82], "\u{FFFD}\u{FFFD}"), ([0xED, 0xA0, 0x80], "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ([0xFF, 0xFE], "\u{FFFD}\u{FFFD}"), ([0xF0, 0x9F, 0x98, 0x22], "\u{FFFD}\u{FFFD}\u{FFFD}\""),
        ] as [([UInt8], String)])
    func `octets that are no UTF-8 are replaced, and that is told`(octets: [UInt8], expected: String) throws {
        let (read, isWhole) = try written(octets)
        #expect(read == expected)
        #expect(!isWhole)
    }

    @Test func `every octet can be sent`() throws {
        for octet in UInt8(1)...255 {
            let (read, isWhole) = try written([0x61, octet, 0x62])
            #expect(isWhole == (octet < 0x80))
            #expect(read.hasPrefix("a") && read.hasSuffix("b"))
        }
    }

    @Test func `a text is cut at the limit, never in a character`() throws {
        let limit = RequestWriter.textLimit
        #expect(try written(Array(repeating: 0x61, count: limit)).isWhole)
        let (read, isWhole) = try written(Array(repeating: 0x61, count: limit + 1))
        #expect(read.utf8.count == limit)
        #expect(!isWhole)
        let (cut, _) = try written(Array(repeating: 0x61, count: limit - 1) + Array("é".utf8))
        #expect(cut.utf8.count == limit - 1)
        let (long, _) = try written(Array(repeating: 0x01, count: 100_000))
        #expect(long.utf8.count == limit)
    }

    @Test func `the longest request fits`() throws {
        try withText(Array(repeating: 0x1F, count: 1000)) { text in
            var writer = try RequestWriter(method: "io.vipns.CheckLogin")
            writer.add("user", text)
            writer.add("service", text)
            writer.add("tty", text)
            writer.add("remoteHost", text)
            let request = try writer.finish()
            let (count, isCutOff) = (request.count, request.isCutOff)
            #expect(!isCutOff)
            #expect(count > 4 * 6 * RequestWriter.textLimit)
        }
    }

    @Test func `a value that is missing is left out`() throws {
        var writer = try RequestWriter(method: "io.vipns.Login")
        writer.add("tty", nil)
        writer.add("user", Literal("alice").text)
        writer.add("remoteHost", nil)
        let request = try writer.finish()
        let text = String(decoding: (0..<request.count).map { request[$0] }, as: UTF8.self)
        #expect(text == #"{"method":"io.vipns.Login","parameters":{"user":"alice"}}"# + "\0")
    }
}
