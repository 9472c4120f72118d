import Testing

@testable import Varlink

@Suite struct MessageTests {
    private struct Named: Codable { var name: String?, count: Int? }
    private struct Deep: Codable { let inner: Named }
    private struct Inner: Codable { let session: Needed }
    private struct Needed: Codable { let id: String }

    private func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

    private func call(_ json: String) -> VarlinkCall? { VarlinkCall(frame: Array(json.utf8)) }

    @Test func `a call has these octets`() throws {
        let named = Named(name: "a/b\"c", count: 3)
        #expect(
            text(try VarlinkCall.encode(method: "io.example.Get", parameters: named, more: false))
                == #"{"method":"io.example.Get","parameters":{"count":3,"name":"a/b\"c"}}"#)
        #expect(
            text(try VarlinkCall.encode(method: "io.example.Get", parameters: Named(), more: true))
                == #"{"method":"io.example.Get","parameters":{},"more":true}"#)
    }

    @Test func `a reply has these octets`() throws {
        let reply = try VarlinkReply(Named(name: "x", count: nil))
        #expect(
            text(VarlinkReply.frame(parameters: reply.parameters, continues: false))
                == "{\"parameters\":{\"name\":\"x\"}}\0")
        #expect(
            text(VarlinkReply.frame(parameters: VarlinkReply().parameters, continues: true))
                == "{\"parameters\":{},\"continues\":true}\0")
    }

    @Test func `an error has these octets`() {
        #expect(
            text(VarlinkErrorReply.invalidParameter("a\u{1}").frame)
                == #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"a\u0001"}}"#)
        #expect(text(VarlinkErrorReply("io.example.Gone").frame) == #"{"error":"io.example.Gone","parameters":{}}"#)
    }

    @Test func `a call is read with its flags`() throws {
        let plain = try #require(call(#"{"method":"io.example.Get"}"#))
        #expect(plain.method == "io.example.Get" && !plain.wantsMore && !plain.isOneway && !plain.wantsUpgrade)
        let flagged = try #require(
            call(#"{"parameters":{},"upgrade":true,"oneway":true,"more":true,"method":"m","x":[1]}"#))
        #expect(flagged.wantsMore && flagged.isOneway && flagged.wantsUpgrade)
    }

    @Test(arguments: [
        "", "x", "[]", "{}", "null", "\"m\"", #"{"method":1}"#, #"{"method":"m","more":1}"#, #"{"method":"m"} {}"#,
        #"{"method":"m""#, "\u{feff}\u{feff}{}", #"{"method":"\ud800"}"#,
    ])
    func `what is no call is refused`(json: String) {
        #expect(call(json) == nil)
    }

    @Test(arguments: [
        #"{"méthode":0,"method":"m"}"#, #"{"method":"m","parameters":{"\u0301":0}}"#, #"{"method":"mé"}"#,
        #"{"method":"m","parameters":{"a":{"e\u{301}":0}}}"#,
        #"{"method":"m","\#(String(repeating: "k", count: 65))":0}"#,
        #"{"method":"m","parameters":[\#(Array(repeating: "0", count: 300).joined(separator: ","))]}"#,
        #"{"method":"m","parameters":{"user":"\#(String(repeating: "u", count: 101))"}}"#,
        #"{"method":"m","parameters":{"user" :"\#(String(repeating: #"\u0301"#, count: 17))"}}"#,
    ])
    func `a call goes beyond no bound`(json: String) {
        #expect(VarlinkCall(frame: Array(json.utf8), maximumTextOctets: 100) == nil)
    }

    @Test(arguments: [
        #"{"method":"m","parameters":{"user":"\#(String(repeating: "u", count: 100))","pool":"Bü\u0301\"ro:"}}"#,
        #"{"\#(String(repeating: "k", count: 64))" : {"a":["é"]} , "method":"m"}"#,
    ])
    func `what keeps to the bounds is read`(json: String) {
        #expect(VarlinkCall(frame: Array(json.utf8), maximumTextOctets: 100)?.method == "m")
    }

    @Test func `octets that are no text are refused`() {
        #expect(VarlinkCall(frame: [0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]) == nil)
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":[", "\"\\\"\",[", "[[],[],"])
    func `text nested without end is refused before it is parsed`(piece: String) {
        let bomb = String(repeating: piece, count: 100_000)
        #expect(!FrameBounds.reply.permit(Array(bomb.utf8)))
        #expect(call(#"{"method":"m","parameters":"# + bomb) == nil)
    }

    @Test func `brackets inside strings are no nesting`() throws {
        let brackets = String(repeating: "[{", count: 100)
        let found = try #require(call(#"{"method":"m","parameters":{"name":"\"\#(brackets)\\"}}"#))
        #expect(try found.parameters(as: Named.self).name == "\"\(brackets)\\")
    }

    @Test(arguments: [#"{"method":"m"}"#, #"{"method":"m","parameters":{}}"#, #"{"method":"m","parameters":null}"#])
    func `missing parameters count as an empty object`(json: String) throws {
        #expect(try #require(call(json)).parameters(as: Named.self).name == nil)
    }

    @Test(arguments: [
        (#"{"name":1}"#, "name"), (#"{"count":"1"}"#, "count"), (#"{"count":true}"#, "count"),
        // Foundation does not say where a number is that does not fit.
        (#"{"count":1.5}"#, "parameters"), (#"{"count":99999999999999999999}"#, "parameters"),
        ("[]", "parameters"), ("1", "parameters"),
    ])
    func `a parameter that does not fit is named`(parameters: String, name: String) throws {
        let found = try #require(call(#"{"method":"m","parameters":\#(parameters)}"#))
        let error = #expect(throws: VarlinkErrorReply.self) { try found.parameters(as: Named.self) }
        #expect(error?.name == "org.varlink.service.InvalidParameter")
        #expect(error?.parameters(as: [String: String].self) == ["parameter": name])
    }

    @Test(arguments: [
        (#"{}"#, "session"), (#"{"session":{}}"#, "session.id"), (#"{"session":{"id":1}}"#, "session.id"),
    ])
    func `a parameter inside another is named with dots`(parameters: String, name: String) throws {
        let found = try #require(call(#"{"method":"m","parameters":\#(parameters)}"#))
        let error = #expect(throws: VarlinkErrorReply.self) { try found.parameters(as: Inner.self) }
        #expect(error?.parameters(as: [String: String].self) == ["parameter": name])
    }

    @Test func `errors describe themselves`() {
        #expect(
            "\(VarlinkErrorReply.methodNotFound("io.example.X"))"
                == "error org.varlink.service.MethodNotFound for 'io.example.X'")
        #expect("\(VarlinkErrorReply.permissionDenied)" == "error org.varlink.service.PermissionDenied")
    }
}
