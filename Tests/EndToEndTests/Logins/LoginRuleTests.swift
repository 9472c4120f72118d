import Testing

extension EndToEnd.Logins {
    @Suite struct Rules {}
}

extension EndToEnd.Logins.Rules {
    private static let pools = LoginConfiguration(
        rules: [
            "users: [carol], pool: none",
            "services: [sshd], groups: [agents], remote: [10.77.0.1], pool: agents",
            "services: [sshd], users: [root], remote: ['*.example.com'], pool: named",
            "services: [login], ttys: ['pts/*'], pool: terminals",
            "services: [su], users: [bob], pool: bob",
            "pool: usual",
        ],
        pools: [
            ("usual", "10.77.0.101-10.77.0.109"), ("agents", "10.77.0.111-10.77.0.119"),
            ("named", "10.77.0.121-10.77.0.129"), ("terminals", "10.77.0.131-10.77.0.139"),
            ("bob", "10.77.0.141-10.77.0.149"),
        ])

    private static let neighbour = ["nsenter", "--net=/run/netns/neighbour"]

    /// Who logs in how, and the pool that it comes to; nil for none.
    private static let logins: [([String], String?)] = [
        (["ssh", "alice@127.0.0.1", Place.program], "usual"),
        (["ssh", "carol@127.0.0.1", Place.program], nil),
        (neighbour + ["ssh", "alice@10.77.0.2", Place.program], "agents"),
        (neighbour + ["ssh", "carol@10.77.0.2", Place.program], nil),
        (neighbour + ["ssh", "root@10.77.0.2", Place.program], "named"),
        (["ssh", "root@127.0.0.1", Place.program], "usual"),
        (["script", "-qec", "login -f alice", "/dev/null"], "terminals"),
        (["su", "bob", "-c", Place.program], "bob"),
        (["su", "alice", "-c", Place.program], nil),
        (["su", "carol", "-c", Place.program], nil),
    ]

    @Test func `the first rule that matches decides by user, group, service, terminal and remote host`() async throws {
        try await inLoginLab(Self.pools) { lab in
            try lab.script("echo '\(Place.program); exit' > ~alice/.profile")
            for (words, pool) in Self.logins {
                // The name stands for the neighbour only where the rule by name is meant, and sshd looks it up then.
                let isNamed = words.contains("root@10.77.0.2")
                if isNamed {
                    try lab.script(
                        """
                        echo '10.77.0.1 caller.example.com' >> /etc/hosts; echo 'UseDNS yes' >> /etc/ssh/sshd_config
                        pkill -HUP -o -x sshd; sleep 0.3
                        """)
                }
                let place = try lab.place(words)
                #expect(pool == nil ? place.isHost : place.isSession, "\(words): \(place)")
                #expect(place.pool == pool, "\(words): \(place)")
            }
        }
    }

    @Test(arguments: [
        ("lightdm", true), ("gdm-password", true), ("remote", true), ("xrdp-sesman", true), ("systemd-user", false),
        ("cron", false), ("polkit-1", false), ("lightdm-greeter", false), ("su", false), ("sudo", false),
    ])
    func `without rules the services at which people log in get a session, and no others`(
        service: String, isSession: Bool
    ) async throws {
        try await inLoginLab { lab in
            let outcome = try lab.run("pamtester", service, "alice", "open_session", "close_session")
            #expect(outcome.status == 0, "\(outcome)")
            #expect(try lab.history().map(\.user) == (isSession ? ["alice"] : []))
            try lab.expectNoSession()
        }
    }
}
