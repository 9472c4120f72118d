import Glibc
import Testing

extension EndToEnd {
    @Suite struct UpgradeTests {}
}

/// What is replaced by another program file, in which order, and how old the store is that the new service finds.
struct Upgrade: CustomTestStringConvertible {
    let daemons: [String]
    /// Whether all end before the first starts, rather than one after the other.
    var atOnce = false
    let format: Int

    static let newest = OlderStore.formats.count
    static let all =
        OlderStore.formats.map { Upgrade(daemons: ["service"], format: $0) } + [
            Upgrade(daemons: ["helper"], format: newest),
            Upgrade(daemons: ["helper", "service"], format: 1),
            Upgrade(daemons: ["service", "helper"], format: 1),
            Upgrade(daemons: ["helper", "service"], atOnce: true, format: 1),
            Upgrade(daemons: ["helper", "service"], atOnce: true, format: newest),
        ]

    var testDescription: String {
        "\(daemons.joined(separator: atOnce ? " and " : ", then ")), store of format \(format)"
    }
}

extension TestLab {
    /// Puts other files in the place of the daemons' programs while these run, as a package does.
    func replacePrograms() throws {
        try succeed(
            "sh", "-euc",
            """
            cd /run/vipns-lab/bin
            for program in vipnsd vipns-helper; do
                cp $program $program.new
                umount -l $program 2>/dev/null || true
                mv -f $program.new $program
            done
            """)
    }

    /// Ends a daemon as systemd does.
    func end(_ daemon: String) throws {
        try succeed("kill", "-TERM", "\(try process(of: daemon))")
        guard try eventually({ try obey("pid \(daemon)") == "error not running" }) else {
            throw TestFailure("the \(daemon) does not end")
        }
    }

    /// The program file that a daemon runs.
    func program(of daemon: String) throws -> String {
        try succeed("stat", "-Lc", "%d:%i", "/proc/\(try process(of: daemon))/exe")
    }

    /// Ends what is replaced and starts it from its new file; `between` is done whenever something is missing.
    func perform(_ upgrade: Upgrade, between: () throws -> Void) throws {
        for part in upgrade.atOnce ? [upgrade.daemons] : upgrade.daemons.map({ [$0] }) {
            for daemon in part { try end(daemon) }
            try between()
            if part.contains("service") { try turnStoreBack(to: upgrade.format) }
            for daemon in part { try tell("start \(daemon)") }
        }
    }
}

extension EndToEnd.UpgradeTests {
    @Test(arguments: Upgrade.all)
    func `sessions keep address, processes and connections while programs are replaced`(upgrade: Upgrade) async throws {
        try await inLab("--range", "10.77.0.101-10.77.0.106") { lab in
            let neighbour = try lab.start("nsenter", "--net=/run/netns/neighbour", "python3", "-uc", echoServer)
            #expect(try neighbour.line() == "listening")
            #expect(try lab.vipns("enter", "--user", "bob", "--", "true").status == 0)
            try lab.expectFullPool()
            let session = try lab.enter(echoTalk, options: ["--user", "alice"])
            let lingering = try lab.enter("setsid sh -c 'echo $$; exec sleep 600' & exit 0")
            let left = try lingering.running.line()
            let reserved = try #require(try lab.reserve().first)
            try lab.expect(lingering.id, becomes: "lingering")
            let talk = { (word: String) in
                try session.running.say(word)
                #expect(try session.running.line() == word)
            }
            try talk("before")
            let before = try (lab.facts(), lab.succeed("vipns", "history", "--json"))
            let programs = try upgrade.daemons.map(lab.program)
            try lab.replacePrograms()
            try lab.perform(upgrade) { try talk("without \(upgrade)") }
            // From the new files.
            #expect(try Set(programs).isDisjoint(with: upgrade.daemons.map(lab.program)))
            #expect(try eventually { try lab.vipns("exec", session.id, "--", "true").status == 0 })
            try talk("after")
            #expect(try lab.facts() == before.0)
            #expect(try lab.succeed("vipns", "history", "--json") == before.1)
            #expect(try lab.run("test", "-d", "/proc/\(left)").status == 0)
            // And everything goes on: the end of each is seen.
            try lab.succeed("kill", "-9", "\(session.pid)", left)
            #expect(try lab.vipns("close", reserved).status == 0)
            try lab.expectFullPool()
            let reasons = try [session.id, lingering.id, reserved].map { try lab.history(of: $0).reason }
            #expect(reasons == ["last leader ended", "last leader ended", "closed by request"])
        }
    }

    @Test func `an older program refuses newer data, says what to do, and sessions live on`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.end("service")
            let path = "/run/vipns-lab/state/vipns.db"
            let mark = """
                import sqlite3, sys
                file = sqlite3.connect("\(path)")
                file.execute("UPDATE grdb_migrations SET identifier = ?", sys.argv[1:])
                file.commit()
                file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                file.close()
                """
            try lab.succeed("/usr/bin/python3", "-c", mark, "a later one")
            let before = try lab.succeed("sha256sum", path)
            let answer = try lab.obey("start service")
            #expect(
                answer.contains("vipnsd: cannot open lease store '\(path)': written by a newer vipns (install that"))
            #expect(try lab.succeed("sha256sum", path) == before)
            #expect(try lab.run("test", "-d", "/proc/\(session.pid)").status == 0)
            // The newer one again.
            try lab.succeed("/usr/bin/python3", "-c", mark, "\(Upgrade.newest)")
            try lab.tell("start service")
            #expect(try lab.session(session.id)?.leaders == [session.pid])
        }
    }

    /// Stands between the daemons, so that each takes the other for one of another version.
    private static let between = """
        import os, select, socket, struct, sys
        step = int(sys.argv[1])
        path = "/run/vipns/helper"
        os.rename(path, path + ".real")
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        listener.bind(path)
        os.chmod(path, 0o666)
        listener.listen()
        print("between", flush=True)
        while True:
            service, _ = listener.accept()
            helper = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            helper.connect(path + ".real")
            isOpen = True
            while isOpen:
                for one in select.select([service, helper], [], [])[0]:
                    octets = one.recv(65536)
                    # HELLO carries one number: the version.
                    if octets[4:6] == struct.pack("=H", 34):
                        version, = struct.unpack_from("=I", octets, 20)
                        octets = octets[:20] + struct.pack("=I", version + (step if one is service else -step))
                    isOpen = isOpen and len(octets) > 0
                    try: (helper if one is service else service).send(octets)
                    except OSError: isOpen = False
            service.close()
            helper.close()
        """

    @Test(arguments: [1, -1])
    func `daemons of different versions say in both logs which is older, and what to do`(step: Int) async throws {
        try await inLab { lab in
            let session = try lab.enter()
            try lab.end("service")
            let proxy = try lab.start("/usr/bin/python3", "-uc", Self.between, "\(step)")
            #expect(try proxy.line() == "between")
            // It waits for a helper that it can work with, and so does not come to serve.
            let start = try lab.start(
                "sh", "-c",
                """
                echo $$
                exec setpriv --reuid 64742 --regid 64742 --clear-groups vipnsd --config /run/vipns-lab/vipns.yaml \
                    --state /run/vipns-lab/state 2>> /run/vipns-lab/log/service.log
                """)
            let own = try start.line()
            let (older, newer) = step > 0 ? ("vipns-helper", "vipnsd") : ("vipnsd", "vipns-helper")
            let begin = "\(older) is the older one: it speaks version "
            let end = "(restart \(older); if that does not help, install both anew from one version)"
            #expect(
                try eventually {
                    try lab.log(of: "service", "cannot work with the helper").first?.contains(begin) == true
                })
            #expect(
                try eventually { try lab.log(of: "helper", "cannot serve vipnsd: ").first?.contains(begin) == true })
            let helper = try #require(try lab.log(of: "helper", "cannot serve vipnsd: ").first)
            #expect(helper.hasSuffix(end) && helper.contains(", \(newer) version "), "\(helper)")
            #expect(try lab.log(of: "service", "cannot work with the helper").first?.contains(end) == true)
            // Once each, however often it is tried; and nothing is lost by it.
            sleep(1)
            #expect(try lab.log(of: "helper", "cannot serve").count == 1)
            #expect(try lab.run("test", "-d", "/proc/\(session.pid)").status == 0)
            try lab.succeed("mv", "/run/vipns/helper.real", "/run/vipns/helper")
            #expect(try eventually { try lab.vipns("exec", session.id, "--", "true").status == 0 })
            try lab.succeed("kill", own)
            #expect(try eventually { try lab.vipns("list").status != 0 })
            try lab.tell("start service")
        }
    }
}

extension TestLab {
    /// What is known of all sessions, and what their processes are.
    func facts() throws -> [String] {
        try sessions().filter { $0.state != "held" }.map { row in
            let namespace = "/run/vipns/netns/\(row.id)"
            let address = try run("nsenter", "--net=\(namespace)", "ip", "-o", "address").output
            return """
                \(row.id) \(row.state) \(row.mode) \(row.pool) \(row.address ?? "-") \(row.user) \(row.service) \(row.leaders) \
                \(row.leftovers) \(row.number) \(row.cookie ?? 0) \(row.mac ?? "-") \(address)
                """
        }.sorted()
    }

    /// The lines of a daemon's log that have a text in them.
    func log(of daemon: String, _ text: String) throws -> [String] {
        try run("cat", "/run/vipns-lab/log/\(daemon).log").output.split(separator: "\n").map(String.init).filter {
            $0.contains(text)
        }
    }
}
