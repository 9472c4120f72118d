import Leasing
import ServiceConfiguration
import TestSupport
import Testing

/// A file with the pools `lab` and `agents` and rules, of which the first stands in line 6 from column 5.
private func rules(_ lines: String...) -> String {
    pool() + "rules:\n" + lines.map { "  - \($0)\n" }.joined() + "  - {services: ['no-such'], pool: none}\n"
}

private let example = "(for example 'rules: [{users: [root], pool: none}, {pool: lab}]')"
private let remotes = "(for example 'remote: [192.0.2.0/24, 10.1.0.7, '*.example.com']')"
private let people = "(for example 'users: [alice, 'test-*']')"

@Suite struct RuleReadingTests {
    @Test func `rules give just what they say`() throws {
        let reading = parse(
            pool() + """
                rules:
                  - users: [root]
                    pool: none
                  - services: [sshd, xrdp-sesman]
                    users: [al*ce, 'test-?']
                    groups:
                      - agents
                      - "domain users"
                    ttys: [/dev/pts/*, ':*']
                    remote: [192.0.2.0/24, 10.1.0.7, '2001:db8::/32', "*.example.com", '*']
                    pool: lab
                    scope: user
                    nested: own
                  - {services: [su], pool: none, nested: host}
                  - {services: ["*"], pool: lab, scope: session, nested: keep}

                """)
        #expect(summary(reading) == [])
        let rules = try #require(reading.configuration?.loginRules.rules)
        #expect(
            rules.map(\.description) == [
                "services *; users root: no session",
                "services sshd, xrdp-sesman; users al*ce, test-?; groups agents, domain users; ttys pts/*, :*; "
                    + "remote 192.0.2.0/24, 10.1.0.7, 2001:db8::/32, *.example.com, *: pool 'lab', scope user, nested own",
                "services su: no session, nested host", "services *: pool 'lab'",
            ])
    }

    @Test func `without rules, the usual logins get the first pool`() throws {
        let second = "  b: {ranges: [192.0.2.17], prefix: 24}\n"
        let configuration = try #require(parse(pool() + second).configuration)
        #expect(configuration.loginRules == LoginRules([LoginRule(target: .pool("lab"))]))
        #expect(ServiceConfiguration(pools: configuration.pools, operators: nil) == configuration)
        #expect(ServiceConfiguration(pools: [], operators: nil).loginRules == LoginRules([]))
    }

    @Test(arguments: [
        BadText(pool() + "rules: []\n", "5:1 'rules' is empty \(example)"),
        BadText(pool() + "rules:\n", "5:1 'rules' has no value \(example)"),
        BadText(pool() + "rules: {pool: lab}\n", "5:8 'rules' must be a list, found a mapping \(example)"),
        BadText(pool() + "rule: []\n", "5:1 unknown key 'rule' (the nearest known key is 'rules')"),
        BadText(
            pool() + "rules: [" + Array(repeating: "{pool: lab}", count: 257).joined(separator: ", ") + "]\n",
            "5:1 'rules' has 257 entries (256 are the most)"),
        BadText(
            rules("lab"),
            "6:5 rule 1 must be a mapping, found the text 'lab' (for example '{users: [alice, 'test-*'], pool: lab}')"),
        BadText(rules("{user: [a], pool: lab}"), "6:6 unknown key 'user' in rule 1 (the nearest known key is 'users')"),
        BadText(rules("{users: [a]}"), "6:5 rule 1 has no 'pool' (for example 'pool: lab', or 'pool: none')"),
        BadText(rules("{pool: }"), "6:6 'pool' has no value (for example 'pool: lab')"),
        BadText(rules("{pool: [lab]}"), "6:12 'pool' must be a text, found a list (for example 'pool: lab')"),
        BadText(rules("{pool: lob}"), "6:12 pool 'lob' is not one of 'pools' (the nearest is 'lab')"),
        BadText(rules("{pool: non}"), "6:12 pool 'non' is not one of 'pools' (the nearest is 'none')"),
        BadText(
            rules("{pool: lab, scope: users}"), "6:24 scope 'users' is not one of session, user (the nearest is 'user')"
        ),
        BadText(
            rules("{pool: lab, nested: hosts}"),
            "6:25 nested 'hosts' is not one of keep, own, host (the nearest is 'host')"),
        BadText(
            rules("{users: [a], pool: none, scope: session}"),
            "6:30 'scope' means nothing with 'pool: none', which gives no session (leave it out)"),
        BadText(
            rules("{users: [a], pool: none, nested: own}"),
            "6:30 'nested: own' means nothing with 'pool: none', which gives no session (keep or host would)"),
        BadText(
            pool().replacing("lab", with: "none"),
            "2:3 pool name 'none' is what rules call no pool (give it another name)"
        ),
        BadText(
            pool("hold: 1") + "rules: [{pool: lab}]\n", "5:11 hold '1' has no unit: ms, s, m or h (for example '1s')"),
    ])
    func `rules are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test(arguments: [
        BadText(
            rules("{services: sshd, pool: lab}"),
            "6:16 'services' must be a list, found the text 'sshd' (for example 'services: [sshd, xrdp-sesman]')"),
        BadText(rules("{groups: [], pool: lab}"), "6:6 'groups' is empty (for example 'groups: [agents]')"),
        BadText(
            rules("{groups: [[a], ~], pool: lab}"),
            "6:15 'groups' must be a list of texts, found a list in it (for example 'groups: [agents]')",
            "6:20 'groups' must be a list of texts, found nothing in it (for example 'groups: [agents]')"),
        BadText(
            rules("{users: [" + Array(repeating: "a", count: 257).joined(separator: ", ") + "], pool: lab}"),
            "6:6 'users' has 257 entries (256 are the most)"),
        BadText(
            rules("{services: [/etc/pam.d/su], pool: lab}"),
            "6:17 service '/etc/pam.d/su' is not the name of a file in /etc/pam.d "
                + "(for example 'services: [sshd, xrdp-sesman]')"),
        BadText(
            rules("{users: ['@agents', '%agents'], pool: lab}"),
            "6:14 name '@agents' begins with a sign; groups have a key of their own, 'groups' \(people)",
            "6:25 name '%agents' begins with a sign; groups have a key of their own, 'groups' \(people)"),
        BadText(
            rules("{users: ['a:b', \"a\\nb\", ''], pool: lab}"),
            "6:14 name 'a:b' is not a user's or group's name \(people)",
            "6:21 name 'a?b' is not a user's or group's name \(people)",
            "6:29 name '' is not a user's or group's name \(people)"),
        BadText(
            rules("{ttys: [/proc/1], pool: lab}"),
            "6:13 tty '/proc/1' is not a terminal's name (for example 'ttys: [tty1, 'tty?']')"),
        BadText(
            rules("{remote: [10.1.0.7/24], pool: lab}"),
            "6:15 remote '10.1.0.7/24' has host bits set; the network is '10.1.0.0/24' \(remotes)"),
        BadText(
            rules("{remote: [10.1.*, 10.1.0.0/33, 10.1.0.1-10.1.0.9, 'fe80::1%eth0'], pool: lab}"),
            "6:15 remote '10.1.*' is not an address or a prefix such as '10.1.0.0/16' \(remotes)",
            "6:23 remote '10.1.0.0/33' is not an address or a prefix such as '10.1.0.0/16' \(remotes)",
            "6:36 remote '10.1.0.1-10.1.0.9' is not an address or a prefix such as '10.1.0.0/16' \(remotes)",
            "6:55 remote 'fe80::1%eth0' is not an address or a prefix such as '10.1.0.0/16' \(remotes)"),
        BadText(
            rules("{remote: [.example.com, 'a b'], pool: lab}"),
            "6:15 remote '.example.com' begins with a dot; all names under it are '*.example.com' \(remotes)",
            "6:29 remote 'a b' is neither an address, a prefix nor a host's name \(remotes)"),
    ])
    func `the entries of lists are checked`(bad: BadText) {
        #expect(summary(parse(bad.text)) == bad.problems)
    }

    @Test(arguments: ["services: [*]", "remote: [*.example.com]", "ttys: [tty?]"])
    func `who forgets the quotes of a pattern is told of them`(list: String) {
        let texts = parse(rules("{\(list), pool: lab}")).problems.map(\.text)
        let hint = "(a pattern goes into quotes, for example '*.example.com')"
        #expect(texts.contains { $0.hasSuffix(hint) }, "\(texts)")
    }

    @Test(arguments: [
        ("{pool: lab}", "{users: [alice], pool: lab}"), ("{pool: lab}", "{services: [login], pool: lab}"),
        ("{services: ['*'], pool: none}", "{services: ['s*'], users: [a], ttys: [b], pool: lab}"),
        ("{users: [a, 'b*'], pool: none}", "{users: [bc, a], remote: ['*'], pool: lab}"),
        ("{groups: [a], pool: none}", "{groups: [a], nested: own, pool: lab}"),
        ("{remote: ['*.com', 10.0.0.0/8], pool: none}", "{remote: [10.1.0.0/16, a.com, '*.com'], pool: lab}"),
    ])
    func `a rule that an earlier one leaves nothing is warned of`(earlier: String, later: String) {
        let reading = parse(pool() + "rules:\n  - \(earlier)\n  - \(later)\n")
        #expect(
            summary(reading) == [
                "7:5 warning: rule 2 never comes to its turn: rule 1 in line 6 takes all of its logins"
            ])
        #expect(reading.configuration?.loginRules.rules.count == 2)
    }

    @Test(arguments: [
        ("{pool: lab}", "{services: [cron], pool: lab}"), ("{users: [a], pool: lab}", "{pool: lab}"),
        ("{users: [a], pool: lab}", "{users: [a, b], pool: lab}"),
        ("{users: ['?'], pool: lab}", "{users: ['*'], pool: lab}"),
        ("{ttys: ['*'], pool: lab}", "{pool: lab}"), ("{remote: ['*'], pool: lab}", "{users: [a], pool: lab}"),
        ("{remote: [10.0.0.0/8], pool: lab}", "{remote: [a.com], pool: lab}"),
        ("{remote: [10.1.0.0/16], pool: lab}", "{remote: [10.0.0.0/8], pool: lab}"),
        ("{users: [a], pool: lab}", "{groups: [a], pool: lab}"),
    ])
    func `a rule that may come to its turn is not warned of`(earlier: String, later: String) {
        #expect(summary(parse(pool() + "rules:\n  - \(earlier)\n  - \(later)\n")) == [])
    }

    @Test func `many long rules are read in a moment`() {
        let names = (0..<64).map { "'*\($0)'" }.joined(separator: ",")
        let lines = (0..<256).map { "  - {users: [\(names)], ttys: [a\($0)], pool: lab}\n" }
        let time = processorTime { #expect(parse(pool() + "rules:\n" + lines.joined()).problems == []) }
        // Without optimisation on a busy machine; anything that grows faster than the pairs of rules takes minutes.
        #expect(time < .seconds(40))
    }
}
