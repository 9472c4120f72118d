import Testing

@testable import PAMModule

@Suite struct ReplyReaderTests {
    private static let granted = Read(
        outcome: .granted, session: ["k7f3q2m4", "lab", "192.0.2.10", nil], namesDescriptor: true)

    @Test(arguments: [
        #"{"parameters":{"outcome":"granted","session":{"id":"k7f3q2m4","pool":"lab","address":"192.0.2.10"},"namespace":0}}"#,
        // What a later version might add, anywhere and of any kind.
        #"{"continues":false,"parameters":{"future":[1,{"a":[]},-1.5e+10,"\u0000"],"outcome":"granted","namespace":0,"#
            + #""session":{"leaders":[1,2],"x":{"id":"aaaaaaaa"},"address":"192.0.2.10","pool":"lab","id":"k7f3q2m4","#
            + #""mac":null,"y":true}},"z":false}"#,
        " \t\r\n{ \"parameters\" : { \"outcome\" : \"granted\" , \"session\" : { \"id\" : \"k7f3q2m4\" , "
            + "\"pool\" : \"lab\" , \"address\" : \"192.0.2.10\" } , \"namespace\" : 0 } } \n",
        #"{"parameters":{"\u006futcome":"gr\u0061nted","session":{"id":"k7f3\u00712m4","pool":"lab","#
            + #""address":"192\u002e0.2.10"},"namespace":0}}"#,
    ])
    func `a granted session is read in every way that it can be written`(frame: String) throws {
        #expect(try read(frame) == Self.granted)
    }

    @Test(arguments: [
        ("isolated", LoginOutcome.isolated), ("shared", .shared), ("alone", .alone), ("kept", .kept), ("host", .host),
    ])
    func `every outcome is known`(word: String, outcome: LoginOutcome) throws {
        #expect(
            try read(#"{"parameters":{"outcome":"\#(word)","session":null,"message":null}}"#) == Read(outcome: outcome))
    }

    @Test(arguments: ["{}", #"{"parameters":{}}"#, #"{"parameters":null}"#, #"{"other":[[[]]]}"#])
    func `an empty answer is one`(frame: String) throws {
        #expect(try read(frame) == Read())
    }

    @Test(arguments: [
        ("2001:db8::1f", "2001:db8::1f"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
    ])
    func `an IPv6 address is one too`(address: String, expected: String) throws {
        let frame = #"{"parameters":{"session":{"id":"aaaaaaaa","pool":"p","address":"\#(address)"}}}"#
        #expect(try read(frame).session == ["aaaaaaaa", "p", expected, nil])
    }

    @Test func `a pair has its IPv6 address beside`() throws {
        let members = #""id":"aaaaaaaa","pairedAddress":"2001:db8::1f","pool":"p","address":"192.0.2.10""#
        let frame = #"{"parameters":{"session":{\#(members)}}}"#
        #expect(try read(frame).session == ["aaaaaaaa", "p", "192.0.2.10", "2001:db8::1f"])
    }

    @Test(arguments: [
        (#"\"\\\/ \u00e9\u20AC\ud83d\ude00"#, "\"\\/ \u{E9}\u{20AC}\u{1F600}"), ("é€😀", "é€😀"), ("", ""),
        (String(repeating: "a", count: 512), String(repeating: "a", count: 512)),
        (String(repeating: #"\u0041"#, count: 512), String(repeating: "A", count: 512)),
    ])
    func `escapes in a message are decoded`(written: String, meant: String) throws {
        #expect(try read(#"{"parameters":{"message":"\#(written)"}}"#).message == meant)
    }

    @Test(arguments: [
        #"{"error":"io.vipns.PoolExhausted","parameters":{"pool":"lab","message":"none left"}}"#,
        #"{"parameters":{"message":"none left","pool":"lab"},"error":"io.vipns.PoolExhausted"}"#,
    ])
    func `an error is read, before its parameters or after them`(frame: String) throws {
        #expect(try read(frame) == Read(error: "io.vipns.PoolExhausted", message: "none left"))
    }

    @Test(arguments: [
        (#"{"error":"io.vipns.Failed","parameters":{"text":"a\nb"}}"#, Read(error: "io.vipns.Failed", text: "a\nb")),
        (
            #"{"error":"io.vipns.SessionNotFound","parameters":{"session":"k7f3q2m4"}}"#,
            Read(error: "io.vipns.SessionNotFound")
        ),
        (
            #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.vipns.Login"}}"#,
            Read(error: "org.varlink.service.MethodNotFound")
        ),
        (#"{"error":"x.Y","parameters":{"text":7,"message":{"a":1},"outcome":9}}"#, Read(error: "x.Y")),
        (#"{"error":"x.Y","parameters":{"message":"\u001b[2J"}}"#, Read(error: "x.Y")),
        (#"{"error":"x.Y"}"#, Read(error: "x.Y")),
    ])
    func `parameters of other errors may be anything`(frame: String, expected: Read) throws {
        #expect(try read(frame) == expected)
    }
}
