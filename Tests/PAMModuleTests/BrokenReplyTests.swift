import Testing

@testable import PAMModule

@Suite struct BrokenReplyTests {
    @Test(arguments: [
        "", " ", "null", "[]", "7", "\"a\"", "{", "}", "{}}", "{} {}", "{}x", "{,}", "{\"a\"}", "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}", "{\"a\":tru}", "{\"a\":nul", "{\"a\":True}", "{\"a\":[1,]}",
        "{\"a\":[1 2]}",
        "{\"a\":[}", "{\"a\":[1}", "{\"a\":{]}", "{\"a\":01}", "{\"a\":-}", "{\"a\":1.}", "{\"a\":.5}", "{\"a\":1e}",
        "{\"a\":+1}", "{\"a\":0x1}", "{\"a\":\"", "{\"a\":\"\\", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12\"}",
        "{\"a\":\"\\u12G4\"}",
        "{\"a\":\"\n\"}", "{\"a\":\"\u{1}\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}",
        "{\"a\":\"\\udc00\"}",
        "{\"a\":\"\\ud800\\ud800\"}", "\u{FEFF}{}", "{1:2}", "{\"a\":1}/**/", "{\"a\":NaN}",
    ])
    func `what is no JSON is refused`(frame: String) {
        #expect(throws: Failure.self) { try read(frame) }
    }

    @Test(arguments: [
        #"{"parameters":[]}"#, #"{"parameters":7}"#, #"{"parameters":"a"}"#, #"{"error":7}"#, #"{"error":{}}"#,
        #"{"parameters":{"outcome":7}}"#, #"{"parameters":{"outcome":["granted"]}}"#,
        #"{"parameters":{"session":"a"}}"#,
        #"{"parameters":{"session":[]}}"#, #"{"parameters":{"session":{"id":7,"pool":"lab"}}}"#,
        #"{"parameters":{"message":7}}"#, #"{"parameters":{"message":{}}}"#, #"{"parameters":{"namespace":"0"}}"#,
        #"{"parameters":{"namespace":true}}"#, #"{"parameters":{"namespace":{}}}"#,
    ])
    func `a value of a wrong type is refused`(frame: String) {
        #expect(throws: Failure.self) { try read(frame) }
    }

    @Test(arguments: [
        #"{"parameters":{"namespace":1}}"#, #"{"parameters":{"namespace":-1}}"#, #"{"parameters":{"namespace":-0}}"#,
        #"{"parameters":{"namespace":0.0}}"#, #"{"parameters":{"namespace":0e0}}"#,
        #"{"parameters":{"namespace":18446744073709551616}}"#,
        #"{"parameters":{"outcome":"Granted"}}"#, #"{"parameters":{"outcome":""}}"#,
        #"{"parameters":{"outcome":"gone"}}"#,
        #"{"parameters":{"outcome":"granted\u0000"}}"#,
        #"{"parameters":{"outcome":"alone","outcome":"granted"}}"#, #"{"parameters":{"namespace":0,"namespace":0}}"#,
        #"{"parameters":{"message":"a","message":"b"}}"#, #"{"error":"x.Y","error":"x.Z"}"#,
        #"{"parameters":{},"parameters":{}}"#,
        #"{"error":""}"#, #"{"error":"a b"}"#, #"{"error":"a\nb"}"#, #"{"error":"a'b"}"#,
    ])
    func `a value that cannot be meant is refused`(frame: String) {
        #expect(throws: Failure.self) { try read(frame) }
    }

    @Test(arguments: [
        #""pool":"lab""#, #""id":"k7f3q2m4""#, #""id":null,"pool":"lab""#, #""id":"","pool":"lab""#,
        #""id":"k7f3q2m","pool":"lab""#, #""id":"k7f3q2m44","pool":"lab""#, #""id":"k7f3q2m1","pool":"lab""#,
        #""id":"K7f3q2m4","pool":"lab""#, #""id":"../../..","pool":"lab""#, #""id":"k7f3q2m\u0000","pool":"lab""#,
        #""id":"k7f3q2m4","id":"k7f3q2m4","pool":"lab""#,
        #""id":"k7f3q2m4","pool":"""#, #""id":"k7f3q2m4","pool":"Lab""#, #""id":"k7f3q2m4","pool":"la b""#,
        #""id":"k7f3q2m4","pool":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#, #""id":"k7f3q2m4","pool":"l=b""#,
        #""id":"k7f3q2m4","pool":"lab","address":"""#, #""id":"k7f3q2m4","pool":"lab","address":"192.0.2.1/24""#,
        #""id":"k7f3q2m4","pool":"lab","address":"a host""#, #""id":"k7f3q2m4","pool":"lab","address":"192.0.2.1\n""#,
        #""id":"k7f3q2m4","pool":"lab","pairedAddress":"a host""#,
        #""id":"k7f3q2m4","pool":"lab","pairedAddress":"::1","pairedAddress":"::1""#,
        #""id":"k7f3q2m4","pool":"lab","address":"0000:0000:0000:0000:0000:0000:0000:0000:0000:0""#,
    ])
    func `a session that cannot be one is refused`(members: String) {
        #expect(throws: Failure.self) { try read(#"{"parameters":{"session":{\#(members)}}}"#) }
    }

    @Test(arguments: [
        String(repeating: "a", count: 513), "a\\nb", "\\u0007", "\\u001b[31m", "\\u007f", "\\u0085", "\u{85}",
        "\u{9B}31m",
        "\\u0000",
    ])
    func `a message that is too long or would steer a terminal is refused`(message: String) {
        #expect(throws: Failure.self) { try read(#"{"parameters":{"message":"\#(message)"}}"#) }
    }

    @Test(
        arguments: [
            [0x80], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
            [0xE2, 0x82],
            [0xF4, 0x90, 0x80, 0x80], [0xF0, 0x8F, 0xBF, 0xBF], [0xFF], [0xC3, 0x28], [0xF0, 0x9F, 0x98],
        ] as [[UInt8]])
    func `a message that is no UTF-8 is refused`(octets: [UInt8]) {
        let frame = Array(#"{"parameters":{"message":""#.utf8) + octets + Array(#""}}"#.utf8)
        #expect(throws: Failure.self) { try read(frame) }
    }

    @Test(arguments: [("[", "]"), ("{\"a\":", "}")])
    func `nesting is limited`(opening: String, closing: String) throws {
        func nested(_ depth: Int) -> String {
            "{\"a\":" + String(repeating: opening, count: depth) + "0" + String(repeating: closing, count: depth) + "}"
        }
        #expect(try read(nested(JSONScanner.depthLimit - 1)) == Read())
        #expect(throws: Failure.self) { try read(nested(JSONScanner.depthLimit)) }
        #expect(throws: Failure.self) { try read(nested(2000)) }
        #expect(throws: Failure.self) { try read(String(repeating: opening, count: 16_384 / opening.utf8.count)) }
    }

    @Test func `every cut of an answer is refused`() {
        let frame = Array(
            #"{"parameters":{"outcome":"granted","session":{"id":"k7f3q2m4","pool":"lab","address":"\u0031"},"namespace":0}}"#
                .utf8)
        for end in frame.indices {
            #expect(throws: Failure.self) { try read(frame[..<end]) }
        }
    }
}
