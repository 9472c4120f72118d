import Testing

extension EndToEnd.Logins {
    @Suite struct Exhaustion {}
}

extension EndToEnd.Logins.Exhaustion {
    /// One address, which bob has.
    private static func inEmptyPool(_ policy: String, _ body: @Sendable (TestLab) throws -> Void) async throws {
        let configuration = LoginConfiguration(
            rules: ["services: [sshd, su, su-l], pool: lab"], pools: [("lab", "10.77.0.101-10.77.0.101")],
            lines: ["exhaustion: \(policy)"])
        try await inLoginLab(configuration) { lab in
            let bob = try lab.stay("bob")
            #expect(bob.place.isSession)
            try lab.script(
                """
                mkdir ~alice/project /run/work; cd ~alice/project
                git init -q; git -c user.name=a -c user.email=a@b commit -q --allow-empty -m x; chown -R alice: .
                head -c 300000 /dev/urandom > /run/work/source; cp /run/work/source ~alice/source
                """)
            try body(lab)
            // Whoever had the last address has it still.
            #expect(try lab.session(bob.id)?.state == "active")
        }
    }

    /// Programs whose standard output is a stream that one more byte would break, or that others read; with what must
    /// come out of it.
    private static let streams: [(words: String, output: String)] = [
        ("ssh alice@127.0.0.1 echo out", "out"), ("ssh alice@127.0.0.1 cat < source | cmp - source", ""),
        ("sftp -b /dev/null alice@127.0.0.1", ""), ("sftp alice@127.0.0.1:source sftp > echo && cmp source sftp", ""),
        ("scp alice@127.0.0.1:source scp && cmp source scp", ""),
        ("scp -O alice@127.0.0.1:source old && cmp source old", ""),
        ("rsync alice@127.0.0.1:source rsync && cmp source rsync", ""),
        ("git clone -q alice@127.0.0.1:project clone && test -d clone/.git", ""),
        ("su alice -c 'echo out' | cat", "out"), ("su alice -c 'cat /run/work/source' | cmp - source", ""),
        ("su - alice -c 'echo out'", "out"),
    ]

    private static func run(_ words: String, in lab: TestLab) throws -> Outcome {
        try lab.run(["bash", "-c", "set -o pipefail; cd /run/work; \(words)"])
    }

    @Test(arguments: ["share", "isolate"])
    func `with an empty pool everything works on, and no stream gets a byte`(policy: String) async throws {
        try await Self.inEmptyPool(policy) { lab in
            for (words, output) in Self.streams {
                let outcome = try Self.run(words, in: lab)
                #expect(outcome.status == 0 && outcome.output == output, "\(words): \(outcome)")
                let told = words.hasPrefix("su ") ? [exhaustedSentence] : ["", exhaustedSentence]
                let errors = outcome.errors.split(separator: "\n").filter { $0 != "Connected to 127.0.0.1." }
                #expect(told.contains(errors.joined(separator: "\n")), "\(words): \(outcome)")
            }
            let outcome = policy == "share" ? "shared" : "isolated"
            let records = try lab.history("--limit", "100")
            #expect(records.count { $0.outcome == outcome && $0.user == "alice" } == Self.streams.count)
            let log = try lab.moduleLog("su") + lab.moduleLog("su-l") + lab.moduleLog("sshd")
            #expect(log.count { $0.contains("alice") } >= Self.streams.count, "\(log.suffix(3))")
        }
    }

    @Test(arguments: ["share", "isolate"])
    func `with an empty pool a terminal shows the sentence, and then the shell`(policy: String) async throws {
        try await Self.inEmptyPool(policy) { lab in
            let login = try lab.start("ssh", "-tt", "alice@127.0.0.1")
            try login.say("\(Place.program); echo en''d; exit")
            var text = ""
            while !text.contains("end") { text += try login.line() + "\n" }
            #expect(text.contains("\(exhaustedSentence)\r\n"), "\(text)")
            let places = [
                try Place(in: text), try lab.place(of: "alice"), try lab.place(["su", "alice", "-c", Place.program]),
            ]
            for place in places {
                if policy == "share" {
                    #expect(place.isHost, "\(place)")
                } else {
                    #expect(place.session != nil && place.address == nil && place.addresses.isEmpty, "\(place)")
                    #expect(place.pool == "lab")
                }
            }
            try login.end()
        }
    }

    @Test func `an empty pool that denies says so on standard error, and lets nobody in`() async throws {
        try await Self.inEmptyPool("deny") { lab in
            let terminal = ["ssh -tt alice@127.0.0.1 'touch ran'", "su - alice -c 'touch ran'"]
            for words in Self.streams.map(\.words) + terminal {
                let outcome = try Self.run(words, in: lab)
                #expect(outcome.status != 0 && outcome.output.isEmpty, "\(words): \(outcome)")
                let lines = outcome.errors.split(whereSeparator: \.isNewline)
                #expect(lines.contains { $0 == exhaustedSentence }, "\(words): \(outcome)")
            }
            #expect(try lab.run("sh", "-c", "test -e ~alice/ran").status == 1)
            let records = try lab.history("--limit", "100").filter { $0.user == "alice" }
            #expect(Set(records.map(\.outcome)) == ["denied"])
            #expect(records.count == Self.streams.count + terminal.count)
            let log = try lab.moduleLog("su") + lab.moduleLog("su-l") + lab.moduleLog("sshd")
            #expect(log.count { $0.contains("alice") } >= Self.streams.count, "\(log.suffix(3))")
            #expect(try lab.obey("logs").contains("alice"))
        }
    }
}
