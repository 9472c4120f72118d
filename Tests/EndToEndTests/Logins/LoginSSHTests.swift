import Testing

extension EndToEnd.Logins {
    @Suite struct SSH {}
}

extension EndToEnd.Logins.SSH {
    @Test func `a command by ssh stands in a session of its own`() async throws {
        try await inLoginLab { lab in
            let host = try lab.host()
            let place = try lab.place(of: "alice")
            #expect(place.isSession && place.namespace != host.namespace, "\(place)")
            #expect(place.pool == "lab" && place.client == "127.0.0.1")
            let record = try #require(try lab.history().first)
            #expect(record.id == place.session && record.user == "alice" && record.address == place.address)
            let log = try lab.moduleLog("sshd")
            #expect(log.contains { $0.contains("\(place.session ?? "?")") && $0.contains("alice") }, "\(log)")
            try lab.expectNoSession()
            #expect(try lab.host() == host)
        }
    }

    @Test func `a login on a terminal is in one too, and tells of the client on the LAN`() async throws {
        try await inLoginLab { lab in
            let login = try lab.start([
                "nsenter", "--net=/run/netns/neighbour", "ssh", "-tt", "alice@10.77.0.2",
            ])
            try login.say("\(Place.program); tty; echo en''d; exit 7")
            var text = ""
            while !text.contains("end") { text += try login.line() + "\n" }
            let place = try Place(in: text)
            #expect(place.isSession && place.client == "10.77.0.1", "\(text)")
            #expect(text.contains("/dev/pts/"))
            #expect(try login.end().status == 7)
        }
    }

    /// Ways to use ssh without a terminal; each must leave one line of /etc/ssh/sshrc's, which every one of them runs.
    private static let ways: [(String, String)] = [
        ("a command", "ssh alice@127.0.0.1 true"), ("a shell on a pipe", "echo exit | ssh -T alice@127.0.0.1"),
        ("sftp", "echo 'put source sftp' | sftp -qb - alice@127.0.0.1 > echo && cmp source ~alice/sftp"),
        ("scp", "scp -q source alice@127.0.0.1:scp && cmp source ~alice/scp"),
        ("scp of old", "scp -qO source alice@127.0.0.1:old && cmp source ~alice/old"),
        ("rsync", "rsync source alice@127.0.0.1:rsync && cmp source ~alice/rsync"),
        ("git", "git clone -q alice@127.0.0.1:project clone && test -e clone/file"),
    ]

    @Test func `every use of ssh is a session, and works as without`() async throws {
        try await inLoginLab { lab in
            try lab.script(
                """
                cd ~alice; mkdir project; cd project
                export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
                git init -q; echo 1 > file; git add file
                git -c user.name=a -c user.email=a@b commit -qm x; chown -R alice: ~alice/project
                mkdir /run/work; head -c 300000 /dev/urandom > /run/work/source
                echo '\(Place.program) >> $HOME/places' > /etc/ssh/sshrc
                """)
            var seen: Set<Place> = []
            let host = try lab.host()
            for (name, command) in Self.ways {
                let outcome = try lab.run(["sh", "-ec", "cd /run/work; export GIT_CONFIG_GLOBAL=/dev/null; \(command)"])
                #expect(outcome.status == 0 && outcome.errors.isEmpty && outcome.output.isEmpty, "\(name): \(outcome)")
                let places = try lab.succeed("cat", "/run/vipns-lab/logins/home/alice/places").split(separator: "\n")
                let place = try Place(in: String(places.last ?? ""))
                #expect(place.isSession && place.namespace != host.namespace, "\(name): \(place)")
                #expect(seen.insert(place).inserted && places.count == seen.count, "\(name): no login of its own")
            }
            #expect(try lab.history("--limit", "100").count == Self.ways.count)
        }
    }

    @Test func `all processes of a login are in its namespace, and sshd's listener is not`() async throws {
        try await inLoginLab { lab in
            let login = try lab.stay("alice", "sleep 600 & exec /usr/lib/openssh/sftp-server")
            let members = try lab.members(of: login.place).map { $0.drop { $0 != " " }.dropFirst() }.sorted()
            #expect(members == ["sftp-server", "sleep", "sshd", "sshd"])
            #expect(try lab.members(of: lab.host()).contains { $0.hasSuffix(" sshd") })
            // The leader is the monitor, which PAM runs in.
            let leaders = try #require(try lab.session(login.id)).leaders
            #expect(leaders.count == 1)
            #expect(try lab.succeed("cat", "/proc/\(leaders.first ?? 0)/cmdline").contains("alice [priv]"))
        }
    }

    @Test func `multiplexed logins are one session`() async throws {
        try await inLoginLab { lab in
            let control = ["-S", "/run/control"]
            try lab.succeed("ssh", "-M", "-f", "-N", "-S", "/run/control", "alice@127.0.0.1")
            let places = try (0..<3).map { _ in try lab.place(of: "alice", options: control) }
            #expect(Set(places).count == 1 && places.allSatisfy(\.isSession), "\(places)")
            #expect(try lab.sessions().map(\.id) == [places[0].session])
            #expect(try lab.place(of: "alice").session != places[0].session)
            _ = try lab.run(["ssh"] + control + ["-O", "exit", "alice@127.0.0.1"])
            try lab.expectNoSession()
        }
    }
}
