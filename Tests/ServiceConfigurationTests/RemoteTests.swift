import ServiceConfiguration
import Testing

/// What `remote` says, where a user comes from, and whether that is meant.
struct Origin: Sendable, CustomTestStringConvertible {
    let remote: String
    let host: String?
    let isMeant: Bool

    init(_ remote: String, _ host: String?, is isMeant: Bool) {
        self.remote = remote
        self.host = host
        self.isMeant = isMeant
    }

    var testDescription: String { "\(remote) \(host ?? "nil") \(isMeant)" }
}

@Suite struct RemoteTests {
    @Test(arguments: [
        Origin("10.1.0.7", "10.1.0.7", is: true),
        Origin("10.1.0.7", "10.1.0.70", is: false),
        Origin("10.1.0.7", "::ffff:10.1.0.7", is: true),
        Origin("10.1.0.7", "::10.1.0.7", is: false),
        Origin("::ffff:10.1.0.7", "10.1.0.7", is: true),
        Origin("10.1.0.0/16", "10.1.255.255", is: true),
        Origin("10.1.0.0/16", "10.2.0.0", is: false),
        Origin("10.1.0.0/16", "::ffff:a01:203", is: true),
        Origin("::ffff:10.1.0.0/112", "10.1.2.3", is: true),
        Origin("0.0.0.0/0", "10.1.2.3", is: true),
        Origin("0.0.0.0/0", "2001:db8::1", is: false),
        Origin("0.0.0.0/0", "a.example.com", is: false),
        Origin("2001:db8::/32", "2001:DB8:1::1", is: true),
        Origin("2001:db8::/32", "2001:db9::1", is: false),
        Origin("fe80::1", "fe80::1%eth0", is: true),
        Origin("fe80::/10", "fe80::1%eth0", is: true),
        Origin("::1", "::1", is: true),
        Origin("127.0.0.1", "::1", is: false),
        Origin("*.example.com", "A.Example.COM", is: true),
        Origin("*.example.com", "a.example.com.", is: true),
        Origin("*.Example.com.", "a.b.example.com", is: true),
        Origin("*.example.com", "example.com", is: false),
        Origin("*.example.com", "a.example.com.evil.test", is: false),
        Origin("desk-?.example.com", "desk-12.example.com", is: false),
        Origin("10.1.evil", "10.1.evil", is: true),
        Origin("1*.a", "10.1.0.7", is: false),
        Origin("*7", "10.1.0.7", is: false),
        Origin("*f", "2001:db8::f", is: false),
        Origin("localhost", "localhost", is: true),
        Origin("localhost", "127.0.0.1", is: false),
        Origin("*", "10.1.0.7", is: true),
        Origin("*", "a", is: true),
        Origin("*", "", is: false),
        Origin("*", nil, is: false),
        Origin("10.1.0.7", nil, is: false),
        Origin("localhost", nil, is: false),
    ])
    func `addresses are compared as numbers and names as names`(origin: Origin) throws {
        // What has no letters is refused as a name; `*7` and `*f` then are no entries at all.
        let reading = parse(pool() + "rules: [{remote: ['\(origin.remote)'], pool: lab}]\n")
        guard let rules = reading.configuration?.loginRules else {
            try #require(!origin.isMeant)
            return
        }
        let login = Login(user: "alice", service: "sshd", remoteHost: origin.host)
        #expect((rules.first(matching: login) { [] } != nil) == origin.isMeant)
    }
}
