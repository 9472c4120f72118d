import TestSupport
import Testing

@testable import Varlink

@Suite struct FrameDecoderTests {
    private func frames(_ pieces: [[UInt8]], maximumOctets: Int = 8) throws -> [String] {
        var decoder = FrameDecoder(maximumOctets: maximumOctets)
        var found: [String] = []
        for piece in pieces {
            decoder.feed(piece)
            while let frame = try decoder.next() { found.append(String(decoding: frame, as: UTF8.self)) }
        }
        return found
    }

    @Test(arguments: [
        ("a\0", ["a"]),
        ("a\0bc\0", ["a", "bc"]),
        ("a\0bc", ["a"]),
        ("12345678\0", ["12345678"]),
        ("", []),
    ])
    func `frames are found however the stream is cut`(stream: String, expected: [String]) throws {
        let octets = Array(stream.utf8)
        #expect(try frames([octets]) == expected)
        #expect(try frames(octets.map { [$0] }) == expected)
        for cut in octets.indices {
            #expect(try frames([Array(octets[..<cut]), Array(octets[cut...])]) == expected)
        }
    }

    @Test(arguments: ["123456789\0", "123456789", "a\0123456789"])
    func `a frame that is too long is refused, complete or not`(stream: String) {
        #expect(throws: FrameDecoder.Failure.tooLong(maximumOctets: 8)) { try frames([Array(stream.utf8)]) }
    }

    @Test(arguments: ["\0", "a\0\0"])
    func `an empty frame is refused`(stream: String) {
        #expect(throws: FrameDecoder.Failure.empty) { try frames([Array(stream.utf8)]) }
    }

    @Test func `a begun frame shows`() throws {
        var decoder = FrameDecoder(maximumOctets: 8)
        #expect(!decoder.isInsideFrame)
        decoder.feed(Array("a\0b".utf8))
        while try decoder.next() != nil {}
        #expect(decoder.isInsideFrame)
        decoder.feed([0])
        while try decoder.next() != nil {}
        #expect(!decoder.isInsideFrame)
    }

    @Test func `the time for a frame that comes octet by octet grows with its length only`() throws {
        func time(_ count: Int) throws -> Duration {
            var decoder = FrameDecoder(maximumOctets: count)
            var frames = 0
            let time = try processorTime {
                for _ in 0..<count {
                    decoder.feed([65])
                    while try decoder.next() != nil { frames += 1 }
                }
            }
            #expect(frames == 0)
            return time
        }
        _ = try time(2000)
        // Quadratic would be 256 times.
        #expect(try time(32_000) < time(2000) * 128)
    }
}
