import Synchronization
import Testing

extension EndToEnd {
    @Suite struct JournalTests {}
}

extension EndToEnd.JournalTests {
    /// Is the journal, and starts vipnsd as systemd does; prints what came by the journal's socket, then standard error.
    private static let journal = """
        import os, signal, socket, subprocess, sys, threading, time
        isJournal, isThere = sys.argv[1] == "journal", sys.argv[2] == "there"
        if isThere:
            os.makedirs("/run/systemd/journal")
            journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            journal.bind("/run/systemd/journal/socket")
            os.chmod("/run/systemd/journal/socket", 0o666)
            journal.settimeout(1)
        errors = open("/run/errors", "w+")
        facts = os.fstat(errors.fileno())
        stream = f"{facts.st_dev}:{facts.st_ino if isJournal else 1}"
        service = subprocess.Popen(
            ["vipnsd", "--config", "/run/vipns-lab/vipns.yaml", "--state", "/run/vipns-lab/state"],
            user=64742, group=64742, extra_groups=[], stderr=errors, env={**os.environ, "JOURNAL_STREAM": stream})
        subprocess.run("until vipns pool > /dev/null 2>&1; do sleep 0.05; done; vipns enter --user alice -- true", shell=True)
        time.sleep(0.3)
        service.terminate()
        service.wait()
        try:
            while isThere: print("|".join(journal.recv(65536).decode().splitlines()))
        except TimeoutError: pass
        print("--")
        errors.seek(0)
        print(errors.read())
        """

    /// What came by the socket, and what by standard error.
    private func run(_ words: String...) async throws -> (entries: [Substring], errors: [Substring]) {
        let parts = Mutex<(entries: [Substring], errors: [Substring])>(([], []))
        try await inLab(daemons: false) { lab in
            try lab.configure()
            try lab.tell("start helper")
            let outcome = try lab.run(["/usr/bin/python3", "-c", Self.journal] + words)
            #expect(outcome.status == 0, "\(outcome)")
            let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: true)
            let middle = try #require(lines.firstIndex(of: "--"), "\(outcome)")
            parts.withLock { $0 = (Array(lines[..<middle]), Array(lines[(middle + 1)...])) }
        }
        return parts.withLock { $0 }
    }

    @Test func `under systemd every entry goes to the journal with its fields`() async throws {
        let (entries, errors) = try await run("journal", "there")
        #expect(errors.isEmpty)
        let opened = try #require(entries.first { $0.contains("VIPNS_KIND=opened") }, "\(entries)")
        let fields = opened.split(separator: "|")
        #expect(fields[0].hasPrefix("MESSAGE=session event address=10.77.0.101 kind=opened pool=lab session="))
        #expect(fields.contains("PRIORITY=6") && fields.contains("SYSLOG_IDENTIFIER=vipnsd"))
        for field in ["VIPNS_ADDRESS=10.77.0.101", "VIPNS_POOL=lab", "VIPNS_USER=alice"] {
            #expect(fields.contains(field[...]))
        }
        // By the session's field all of its life is found.
        let session = try #require(fields.first { $0.hasPrefix("VIPNS_SESSION=") })
        let life = entries.filter { $0.contains(session) }.compactMap { $0.firstMatch(of: /VIPNS_KIND=([a-z]*)/)?.1 }
        #expect(life.starts(with: ["opened", "entered", "closing", "closed"]), "\(entries)")
    }

    @Test func `where the journal's socket is missing, lines carry their priority`() async throws {
        let (_, errors) = try await run("journal", "missing")
        #expect(errors.contains { $0.hasPrefix("<6>vipnsd: session event ") }, "\(errors)")
        #expect(errors.allSatisfy { $0.hasPrefix("<") })
    }

    @Test func `where standard error is redirected, lines go there as they are`() async throws {
        let (entries, errors) = try await run("file", "there")
        #expect(entries.isEmpty)
        #expect(errors.contains { $0.hasPrefix("vipnsd: session event address=10.77.0.101 kind=opened pool=lab ") })
    }

    @Test(arguments: ["", "<6>"])
    func `the helper's lines carry their priority for the journal alone`(prefix: String) async throws {
        try await inLab(daemons: false) { lab in
            try lab.configure()
            let script = """
                exec 2> /run/errors
                [ -z "$1" ] || export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2)
                timeout 2 vipns-helper --service-user 64742 --config /run/vipns-lab/vipns.yaml
                cat /run/errors
                """
            let outcome = try lab.run("sh", "-c", script, "sh", prefix)
            #expect(outcome.output.hasPrefix("\(prefix)vipns-helper: ready, may give "), "\(outcome)")
        }
    }
}
