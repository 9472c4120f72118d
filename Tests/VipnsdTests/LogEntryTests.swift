import Logging
import Testing

@testable import vipnsd

struct LogEntryTests {
    private static let full = LogEntry(
        program: "vipnsd", level: .warning, message: "address in use, trying the next",
        fields: ["session": "k7f3q2m5", "address": "10.1.0.7", "error": "cannot create macvlan", "user": "alice"])

    @Test func `a line tells everything, each value in one word`() {
        #expect(
            Self.full.text == """
                warning: address in use, trying the next address=10.1.0.7 error="cannot create macvlan" \
                session=k7f3q2m5 user=alice
                """)
        #expect(LogEntry(program: "vipnsd", level: .info, message: "serving").text == "serving")
        let broken = LogEntry(program: "vipnsd", level: .info, message: "a\nb", fields: ["text": "c\r\nd"])
        #expect(broken.text == "a b text=\"c d\"")
    }

    @Test func `the journal gets every value as a field`() {
        let lines = String(decoding: Self.full.datagram, as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "MESSAGE=\(Self.full.text)", "PRIORITY=4", "SYSLOG_IDENTIFIER=vipnsd", "VIPNS_ADDRESS=10.1.0.7",
                "VIPNS_ERROR=cannot create macvlan", "VIPNS_SESSION=k7f3q2m5", "VIPNS_USER=alice",
            ])
    }

    @Test func `a value of several lines is given with its length`() {
        let entry = LogEntry(program: "vipnsd", level: .error, message: "no", fields: ["error": "a\nb"])
        // The name, a line feed, 64 bits of length, the value, a line feed.
        let expected = Array("VIPNS_ERROR\n".utf8) + [3, 0, 0, 0, 0, 0, 0, 0] + Array("a\nb\n".utf8)
        #expect(entry.datagram.suffix(expected.count) == expected[...])
    }

    @Test(arguments: [
        ("session", "VIPNS_SESSION"), ("pairedAddress", "VIPNS_PAIRED_ADDRESS"), ("a b=c\n", "VIPNS_A_B_C_"),
        ("ä", "VIPNS___"), (String(repeating: "x", count: 99), "VIPNS_" + String(repeating: "X", count: 58)),
    ])
    func `a field's name is one that the journal takes`(key: String, name: String) {
        #expect(LogEntry.journalName(key) == name)
    }

    @Test(arguments: zip(Logger.Level.allCases, [7, 7, 6, 5, 4, 3, 2]))
    func `levels have the priorities of syslog`(level: Logger.Level, priority: Int) {
        #expect(LogEntry(program: "vipnsd", level: level, message: "").priority == priority)
    }
}
