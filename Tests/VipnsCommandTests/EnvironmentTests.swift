import ClientAPI
import Glibc
import LinuxSystem
import Testing

@testable import vipns

struct EnvironmentTests {
    let root = Account(uid: 0)
    let other = Account(uid: 1_234_567)

    @Test func `becoming another user sets who that is and drops what was the caller's`() {
        let environment = SessionEnvironment(for: other, calledBy: root, session: TextTests.session())
        #expect(environment.defaults.isEmpty)
        #expect(
            environment.assignments == [
                "HOME": "/", "SHELL": "/bin/sh", "USER": "1234567", "LOGNAME": "1234567",
                "PATH": "/usr/local/bin:/usr/bin:/bin", "VIPNS_SESSION": "k7f3q2m9", "VIPNS_POOL": "callcenter",
                "VIPNS_ADDRESS": "192.168.200.100",
            ])
    }

    @Test(arguments: ["TERM", "LANG", "LC_ALL", "LC_", "TZ", "COLORTERM"])
    func `language, zone and terminal pass to another user`(name: String) {
        #expect(SessionEnvironment(for: other, calledBy: root, session: nil).keeps(name))
    }

    @Test(arguments: ["HOME", "PATH", "LD_PRELOAD", "SUDO_UID", "XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", "TERMX", "LCX", ""])
    func `nothing else passes to another user, and all stays for the same`(name: String) {
        #expect(!SessionEnvironment(for: other, calledBy: root, session: nil).keeps(name))
        #expect(SessionEnvironment(for: root, calledBy: root, session: nil).keeps(name))
    }

    @Test func `what an outer session said is dropped, also in the host's network`() {
        let environment = SessionEnvironment(for: root, calledBy: root, session: nil)
        #expect(environment.assignments.isEmpty)
        #expect(environment.defaults["HOME"] == root.home)
        #expect(!environment.keeps("VIPNS_SESSION") && !environment.keeps("VIPNS_ADDRESS"))
    }

    @Test func `a session without address sets no address`() {
        let environment = SessionEnvironment(for: root, calledBy: root, session: TextTests.session(address: nil))
        #expect(environment.assignments == ["VIPNS_SESSION": "k7f3q2m9", "VIPNS_POOL": "callcenter"])
    }

    @Test func `without sudo it is root, with sudo who called it`() throws {
        #expect(try Caller.account(sudoUID: nil, sudoUser: nil) == root)
        #expect(try Caller.account(sudoUID: "0", sudoUser: "root") == root)
        #expect(try Caller.account(sudoUID: "1", sudoUser: "daemon").uid == 1)
    }

    @Test(
        arguments: [
            ("1", nil), (nil, "daemon"), ("0", "daemon"), ("1", "root"), ("1", "nobody-here"), ("01", "daemon"),
            ("-1", "daemon"), ("4242", "4242x"), ("x", "daemon"),
        ] as [(String?, String?)])
    func `variables of sudo that do not agree with the account database are refused`(uid: String?, user: String?) {
        #expect(throws: CommandFailure.self) { try Caller.account(sudoUID: uid, sudoUser: user) }
    }

    @Test func `a user without account has no groups but its own`() {
        #expect(Person(account: other).groups == [1_234_567])
        #expect(Person(account: Account(uid: getuid())).groups == nil)
    }
}
