import Addressing
import Leasing
import ServiceConfiguration
import TestSupport
import Testing

/// A condition of one rule, a login, and whether the rule is for it.
struct Match: Sendable, CustomTestStringConvertible {
    let rule: LoginRule
    let login: Login
    let groups: Set<String>
    let isMatch: Bool

    init(_ rule: LoginRule, _ login: Login, groups: Set<String> = [], is isMatch: Bool) {
        self.rule = rule
        self.login = login
        self.groups = groups
        self.isMatch = isMatch
    }

    var testDescription: String { "\(rule) / \(login) \(isMatch)" }
}

private func rule(
    services: [String] = ["*"], users: [String] = [], groups: [String] = [], ttys: [String] = [],
    remote: [RemotePattern] = [], pool: String = "lab"
) -> LoginRule {
    LoginRule(services: services, users: users, groups: groups, ttys: ttys, remote: remote, target: .pool(pool))
}

private func login(
    _ user: String = "alice", service: String = "sshd", tty: String? = nil, from host: String? = nil
) -> Login {
    Login(user: user, service: service, tty: tty, remoteHost: host)
}

@Suite struct LoginRulesTests {
    @Test(arguments: [
        "sshd", "SSHD", "login", "remote", "gdm-password", "gdm-smartcard", "gdm-smartcard-pkcs11-exclusive", "lightdm",
        "sddm", "xdm", "greetd", "xrdp-sesman",
    ])
    func `without rules, people who come in get the first pool`(service: String) {
        let rules = LoginRules.standard(pool: "lab")
        let found = rules.first(matching: login(service: service)) { [] }
        #expect(found?.target == .pool("lab"))
        #expect(found?.scope == .session)
        #expect(found?.nested == .keep)
    }

    @Test(arguments: [
        "cron", "crond", "atd", "su", "su-l", "sudo", "sudo-i", "runuser", "systemd-user", "polkit-1", "passwd",
        "lightdm-greeter", "sddm-greeter", "gdm-launch-environment", "greetd-greeter", "kde", "other", "ssh", "",
    ])
    func `without rules, what runs beside a login is left alone`(service: String) {
        #expect(LoginRules.standard(pool: "lab").first(matching: login(service: service)) { [] } == nil)
    }

    @Test(arguments: [
        Match(rule(services: ["ssh*"]), login(), is: true),
        Match(rule(services: ["SSHD"]), login(), is: true),
        Match(rule(services: ["ssh"]), login(), is: false),
        Match(rule(services: ["login", "s?hd"]), login(), is: true),
        Match(rule(users: ["alice"]), login(), is: true),
        Match(rule(users: ["Alice"]), login(), is: false),
        Match(rule(users: ["al"]), login(), is: false),
        Match(rule(users: ["a*e"]), login(), is: true),
        Match(rule(users: ["*a*i*x*"]), login(), is: false),
        Match(rule(users: ["????"]), login(), is: false),
        Match(rule(users: ["?????"]), login("zoë-1"), is: true),
        Match(rule(users: ["DOMAIN\\*"]), login("DOMAIN\\alice"), is: true),
        Match(rule(users: ["*"]), login(""), is: true),
        Match(rule(groups: ["agents"]), login(), groups: ["users", "agents"], is: true),
        Match(rule(groups: ["agents"]), login(), groups: ["users"], is: false),
        Match(rule(groups: ["*"]), login(), is: false),
        Match(rule(groups: ["domain *"]), login(), groups: ["domain users"], is: true),
        Match(rule(ttys: ["pts/*"]), login(tty: "/dev/pts/3"), is: true),
        Match(rule(ttys: ["/dev/pts/*"]), login(tty: "pts/3"), is: true),
        Match(rule(ttys: ["tty?"]), login(tty: "tty12"), is: false),
        Match(rule(ttys: ["*"]), login(tty: nil), is: false),
        Match(rule(ttys: ["*"]), login(tty: ""), is: false),
        Match(rule(ttys: ["ssh"]), login(tty: "ssh"), is: true),
        Match(rule(users: ["alice"], ttys: ["tty1"]), login(tty: "tty2"), is: false),
        Match(rule(users: ["alice"], groups: ["x"]), login("bob"), groups: ["x"], is: false),
    ])
    func `all conditions must hold, and one entry of each is enough`(match: Match) {
        #expect((LoginRules([match.rule]).first(matching: match.login) { match.groups } != nil) == match.isMatch)
    }

    @Test func `the first rule that matches decides`() {
        let rules = LoginRules([
            LoginRule(users: ["root"], target: .none), rule(users: ["a*"], pool: "a"), rule(pool: "b"),
            rule(users: ["alice"], pool: "c"),
        ])
        #expect(rules.first(matching: login("root")) { [] }?.target == LoginRule.Target.none)
        #expect(rules.first(matching: login("root", service: "cron")) { [] }?.target == .pool("b"))
        #expect(rules.first(matching: login()) { [] }?.target == .pool("a"))
        #expect(rules.first(matching: login("bob")) { [] }?.target == .pool("b"))
        #expect(LoginRules([]).first(matching: login()) { [] } == nil)
    }

    @Test func `groups are looked up only where they decide, and once`() {
        struct Unwanted: Error {}
        let rules = LoginRules([
            rule(users: ["root"]), rule(users: ["a*"], groups: ["x"]), rule(groups: ["y"]), rule(groups: ["z"]),
        ])
        #expect(throws: Never.self) { try rules.first(matching: login("root")) { throw Unwanted() } }
        #expect(throws: Unwanted.self) { try rules.first(matching: login("bob")) { throw Unwanted() } }
        var times = 0
        let found = rules.first(matching: login()) {
            times += 1
            return ["z"]
        }
        #expect(found?.groups == ["z"])
        #expect(times == 1)
    }

    @Test func `a pattern of stars takes no time`() {
        let text = String(repeating: "a", count: 16_000)
        let pattern = String(repeating: "a*", count: 100) + "b"
        let time = processorTime {
            #expect(LoginRules([rule(users: [pattern])]).first(matching: login(text)) { [] } == nil)
        }
        #expect(time < .seconds(2))
    }

    @Test func `a rule says what it does`() {
        #expect("\(LoginRule(target: .pool("lab")))" == "services the usual ones: pool 'lab'")
        let network = IPPrefix("192.0.2.0/24").map(RemotePattern.network)
        let long = LoginRule(
            services: ["sshd", "su"], users: ["a*"], groups: ["b"], ttys: ["/dev/tty1"],
            remote: [network, .name("*.c")].compactMap { $0 }, target: .pool("lab"), scope: .user, nested: .own)
        #expect(
            "\(long)"
                == "services sshd, su; users a*; groups b; ttys tty1; remote 192.0.2.0/24, *.c: "
                + "pool 'lab', scope user, nested own")
        #expect(
            "\(LoginRule(services: ["su"], target: .none, nested: .host))" == "services su: no session, nested host")
    }
}
