import ArgumentParser
import LinuxSystem
import Testing

@testable import ClientAPI
@testable import vipns

struct TextTests {
    static func session(
        _ state: Session.State = .active, address: String? = "192.168.200.100", leaders: [Int32] = [1_234_567]
    ) -> Session {
        Session(
            id: "k7f3q2m9", state: state, mode: .enter, pool: "callcenter", address: address, prefixLength: 24,
            parent: "eth1", mac: "02:00:c0:a8:c8:64", user: "alice", uid: 1000, service: "sshd", leaders: leaders,
            leftovers: .wait, number: 1_048_576, cookie: 4242, boot: "b", opened: 1_795_440_600_000_000,
            openedBoot: SystemClock.bootTimeMicroseconds() - 192_000_000)
    }

    @Test func `a table aligns its columns and ends its lines without spaces`() {
        var table = Table("NAME", "N", "NOTE")
        table.add("a", "100", "x")
        table.add("longer", nil, nil)
        #expect(table.text == "NAME    N    NOTE\na       100  x\nlonger  -    -\n")
    }

    @Test func `an empty list is its header`() {
        #expect(ListCommand.table([]).text == "SESSION  STATE  ADDRESS  USER  POOL  SERVICE  LEADER  AGE\n")
    }

    @Test func `what others chose cannot command the terminal`() {
        var table = Table("A", "B")
        table.add("x\u{1B}[2Jy", "\n\u{9B}z")
        #expect(table.text == "A       B\nx?[2Jy  ??z\n")
    }

    @Test func `a list of long values fits in 80 columns`() {
        let lines = ListCommand.table([Self.session(.lingering)]).text.split(separator: "\n")
        #expect(lines.allSatisfy { $0.count <= 80 }, "\(lines)")
        #expect(lines[1].hasSuffix("3m12s"))
    }

    @Test(
        arguments: [
            (Session.State.held, nil, "session 'k7f3q2m9' is closed"),
            (.quarantined, nil, "session 'k7f3q2m9' is closed"),
            (.lingering, 2, "session 'k7f3q2m9' waits for 2 processes (vipns close --kill ends them)"),
            (.lingering, 1, "session 'k7f3q2m9' waits for 1 process (vipns close --kill ends them)"),
            (.lingering, nil, "session 'k7f3q2m9' waits for its processes (vipns close --kill ends them)"),
            (.closing, nil, "session 'k7f3q2m9' is closing"),
        ] as [(Session.State, Int?, String)])
    func `closing tells what became of the session`(state: Session.State, members: Int?, text: String) {
        #expect(CloseCommand.text(Self.session(state), members: members) == text)
    }

    @Test(
        arguments: [
            ([], []), (["list"], ["list"]),
            (["--socket", "/s", "list", "--json"], ["list", "--socket", "/s", "--json"]),
            (["--socket=/s", "enter", "--", "x"], ["enter", "--socket=/s", "--", "x"]),
            (["--socket", "/s"], ["--socket", "/s"]), (["--socket"], ["--socket"]),
            (["--socket", "/s", "--help"], ["--socket", "/s", "--help"]),
        ] as [([String], [String])])
    func `the socket may be named before the verb`(arguments: [String], expected: [String]) {
        #expect(Vipns.behindVerb(arguments) == expected)
    }

    @Test(
        arguments: [
            ["enter"], ["enter", "--"], ["enter", "ls", "-l"], ["enter", "--", "ls", "--", "-l"],
            ["enter", "--pool", "p", "--user", "u", "--socket", "/s", "sh", "-c", "x"],
            ["enter", "--user", "a", "--user", "b", "--", "--user", "c"], ["enter", "ls", "--user", "c"],
            ["enter", "--pool", "p"], ["enter", "--pool", "", "x"],
        ])
    func `a plain command line is read as the argument parser reads it`(arguments: [String]) throws {
        let plain = try #require(Entering(plain: arguments))
        #expect(try plain == EnterCommand.parse(Array(arguments.dropFirst())).entering)
    }

    @Test(
        arguments: [
            [], ["list"], ["enter", "--help"], ["enter", "-h", "x"], ["enter", "--pool"],
            ["enter", "--pool", "--", "x"],
            ["enter", "--pool=p", "x"], ["enter", "--usr", "u"], ["enter", "--user", "-x"], ["--version"],
        ])
    func `what is not plain is left to the argument parser`(arguments: [String]) {
        #expect(Entering(plain: arguments) == nil)
    }

    @Test func `every failure has its status`() {
        #expect(CommandFailure(ServiceError.helperUnavailable(text: "x"))?.status == 75)
        #expect(CommandFailure(ServiceError.poolExhausted(pool: "p", message: "M"))?.status == 75)
        #expect(CommandFailure(ServiceError.poolExhausted(pool: "p", message: "M"))?.text == "M")
        #expect(CommandFailure(ServiceError.sessionNotFound(session: "x"))?.status == 1)
        #expect(CommandFailure(ServiceError.permissionDenied(text: "x"))?.status == 1)
        #expect(CommandFailure(ServiceUnreachable(path: "/s", cause: .connectionRefused))?.status == 75)
        #expect(CommandFailure(ServiceUnreachable(path: "/s", cause: .permissionDenied))?.status == 1)
    }
}
