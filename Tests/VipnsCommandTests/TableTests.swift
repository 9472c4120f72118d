import ClientAPI
import LinuxSystem
import Testing

@testable import vipns

struct TableTests {
    private static let sessions = {
        var table = Table("SESSION", "STATE", "USER", "REASON")
        table.add("k7f3q2m9", "active", "a-rather-long-user-name", "because of this and that and something else")
        table.add("aaaaaaaa", "quarantined", "bob", nil)
        return table
    }()

    @Test(arguments: [60, 70, 80, 200])
    func `a table fits its terminal`(columns: Int) {
        let lines = Self.sessions.text(on: Screen(columns: columns, hasColours: false)).split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= columns }, "\(lines)")
        // What is copied is whole.
        #expect(lines[1].hasPrefix("k7f3q2m9  active       a-rather"))
        #expect(lines[2].hasPrefix("aaaaaaaa  quarantined  bob"))
    }

    @Test func `on a terminal that is far too narrow the lines are broken by it, and nothing traps`() {
        let lines = Self.sessions.text(on: Screen(columns: 5, hasColours: false)).split(separator: "\n")
        #expect(lines[1] == "k7f3q2m9  active       a-rathe~  because~")
    }

    @Test func `a file is not cut and has no colours`() {
        #expect(Self.sessions.text == Self.sessions.text(on: Screen(columns: 1000, hasColours: false)))
        #expect(!Self.sessions.text.contains("\u{1B}"))
    }

    @Test func `states have their colours, and padding has none`() {
        let lines = Self.sessions.text(on: Screen(columns: 200, hasColours: true)).split(separator: "\n")
        #expect(lines[0].hasPrefix("\u{1B}[1mSESSION   STATE"))
        #expect(lines[1].hasPrefix("k7f3q2m9  \u{1B}[32mactive\u{1B}[0m       a-"))
        #expect(lines[2].hasPrefix("aaaaaaaa  \u{1B}[31mquarantined\u{1B}[0m  bob"))
    }

    @Test func `the addresses of a pool say why they are not free`() {
        // The zone is read at the first conversion of the process, which may be this one.
        #expect(Zone.isSet)
        let boot = SystemClock.bootTimeMicroseconds()
        func held(_ rest: Int64) -> Session {
            Session(
                id: "aaaaaaaa", state: .held, mode: .enter, pool: "lab", user: "bob", uid: 1, service: "sshd",
                leaders: [], leftovers: .wait, number: 1, boot: "b", opened: 0, openedBoot: 0,
                heldUntilBoot: boot + rest)
        }
        let text = AddressTable.table([
            PoolAddress(first: "10.1.0.1", last: "10.1.0.9", state: .free),
            PoolAddress(first: "10.1.0.10", last: "10.1.0.10", state: .leased, session: TextTests.session()),
            PoolAddress(first: "10.1.0.11", last: "10.1.0.11", state: .leased, session: TextTests.session(leaders: [])),
            PoolAddress(first: "10.1.0.12", last: "10.1.0.12", state: .leased, session: TextTests.session(.lingering)),
            PoolAddress(first: "10.1.0.13", last: "10.1.0.13", state: .held, session: held(90_500_000)),
            PoolAddress(first: "10.1.0.14", last: "10.1.0.14", state: .held, session: held(-1)),
            PoolAddress(
                first: "10.1.0.15", last: "10.1.0.15", state: .quarantined, session: held(2_500_000), text: "in use"),
            PoolAddress(first: "10.1.0.16", last: "10.1.0.16", state: .leased),
        ]).text
        let lines = text.split(separator: "\n").map { $0.split(separator: " ", maxSplits: 4).last.map(String.init) }
        #expect(text.contains("10.1.0.1-10.1.0.9  free"))
        #expect(lines[2]?.hasSuffix(" by sshd") == true && lines[2]?.contains("since 20") == true)
        #expect(lines[3]?.contains("reserved, since") == true)
        #expect(lines[4]?.contains("no leader is left, other processes are; since") == true)
        #expect(lines[5]?.contains("rests for 1m31s more") == true, "\(lines)")
        #expect(lines[6]?.contains("its rest is over") == true)
        #expect(lines[7]?.contains("rests for 3s more: in use") == true, "\(lines)")
        #expect(lines[8]?.contains("the session is not yours to see") == true)
    }

    @Test func `CSV quotes what it must`() {
        let entry = HistoryEntry(
            id: "", boot: "b", user: "a,\"b\"", uid: 7, service: "=1+1", pool: "lab", outcome: "denied",
            opened: 1_795_440_600_999_999, openedBoot: 1, reason: "two\nlines")
        #expect(
            HistoryCSV.line(entry)
                == "2026-11-23T13:30:00Z,,,\"a,\"\"b\"\"\",7,,lab,'=1+1,denied,\"two\nlines\",b,\n")
        #expect(HistoryCSV.header.split(separator: ",").count == 12)
    }
}
