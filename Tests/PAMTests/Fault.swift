import Testing

/// A service that cannot be used, in one way, and what the log says of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let answer: ScriptedService.Answer
    let logged: String

    init(_ name: String, _ answer: ScriptedService.Answer, _ logged: String) {
        testDescription = name
        self.answer = answer
        self.logged = logged
    }

    private static func sized(_ count: Int) -> [UInt8] {
        Array(#"{"parameters":{"a":""#.utf8) + [UInt8](repeating: 0x61, count: count)
    }
    private static let granted = #"{"parameters":{"outcome":"granted",\#(Good.session),"namespace":0}}"#
    private static let alone = #"{"parameters":{"outcome":"alone"}}"#

    /// What is no answer.
    static let answers: [Fault] = [
        Fault("never answers", .nothing, ": Connection timed out"),
        Fault("closes at once", .closes, ": Connection reset by peer"),
        Fault("one octet a second", .slowly(alone, milliseconds: 1000), ": Connection timed out"),
        Fault("steady, but too slow", .slowly(alone, milliseconds: 60), ": Connection timed out"),
        Fault("no NUL", .octets(Array(alone.utf8)), ": Connection timed out"),
        Fault("cut off", .octets(Array(granted.utf8.prefix(40)), thenCloses: true), ": Connection reset by peer"),
        Fault("longer than 16 KiB", .octets(sized(20_000)), "longer than 16 KiB"),
        Fault("16 KiB and never a NUL", .octets(sized(16_364)), "longer than 16 KiB"),
        Fault("empty", .octets([0]), "no JSON"),
        Fault("zeros", .octets([UInt8](repeating: 0, count: 100)), "something follows it"),
        Fault("no JSON", .frame("HTTP/1.1 400 Bad Request"), "no JSON"),
        Fault("wrong types", .frame(#"{"parameters":{"outcome":[1]}}"#), "wrong type"),
        Fault("deep nesting", .frame(String(repeating: #"{"a":"#, count: 3000)), "nested too deep"),
        Fault("no outcome", .frame(#"{"parameters":{}}"#), "no outcome"),
        Fault("unknown outcome", .frame(#"{"parameters":{"outcome":"blessed"}}"#), "outcome is not known"),
        Fault("two answers", .octets(Array("\(alone)\0\(alone)\0".utf8)), "something follows it"),
        Fault(
            "unknown error", .frame(#"{"error":"io.vipns.Later","parameters":{"text":"on\nMonday"}}"#),
            "the session service refused io.vipns.Login: 'io.vipns.Later': on?Monday"),
        Fault(
            "not allowed", .frame(#"{"error":"io.vipns.PermissionDenied","parameters":{"text":"no"}}"#),
            "refused io.vipns.Login: 'io.vipns.PermissionDenied': no"),
    ]

    /// What comes with a descriptor, or should.
    static let descriptors: [Fault] = [
        Fault("missing", .frame(granted), "no descriptor came"),
        Fault("two in one message", .frame(granted, [.session, .session]), "more descriptors came"),
        Fault("many in one message", .frame(granted, Array(repeating: .session, count: 200)), "more descriptors came"),
        Fault("two in two messages", .halves(granted, .session), "more than one descriptor came"),
        Fault("not asked for", .frame(alone, [.session]), "that was not asked for"),
        Fault(
            "not announced", .frame(#"{"parameters":{"outcome":"granted",\#(Good.session)}}"#, [.session]),
            "that was not asked for"),
        Fault("a file", .frame(granted, [.path("/etc/passwd")]), "it is no namespace"),
        Fault("a directory", .frame(granted, [.path("/")]), "it is no namespace"),
        Fault("a user namespace", .frame(granted, [.path("/proc/self/ns/user")]), "it is no network namespace"),
        Fault("a mount namespace", .frame(granted, [.path("/proc/self/ns/mnt")]), "it is no network namespace"),
        Fault("the caller's own", .frame(granted, [.path("/proc/self/ns/net")]), "it is the one that the login is in"),
        Fault("no session", .frame(#"{"parameters":{"outcome":"granted","namespace":0}}"#, [.session]), "no session"),
        Fault(
            "no address",
            .frame(
                #"{"parameters":{"outcome":"granted","session":{"id":"k7f3q2m4","pool":"lab"},"namespace":0}}"#,
                [.session]),
            "no address"),
    ]
}
