import Glibc
import Lab
import LinuxSystem

/// The demo's story, chapter by chapter; what does not come out as told ends it.
struct DemoStory {
    let lab: Lab
    let page: DemoPage

    private static let refusal =
        "No virtual IP address is available for this session, please contact your administrator."
    private static let addresses = ["10.77.0.101", "10.77.0.102", "10.77.0.103"]
    private static let program = "vipns-lab answer"
    /// By its path: a session of another user, the one behind sudo, has that user's PATH.
    private static let path = "\(LabPaths.programs)/vipns-lab"

    func tell() throws {
        let before = Census.take()
        try withoutVipns()
        let sessions = try openThree()
        try neighbourAsks(sessions)
        try loopbacksAnswer(sessions)
        try showService(free: "0")
        try openFourth()
        try endAll()
        try logIn()
        try lookBack()
        try count(against: before)
    }

    private func withoutVipns() throws {
        page.heading("1. Without vipns: one machine, one address, one program")
        page.say("The program binds 0.0.0.0:5060 and 127.0.0.1:8125, as it always did. A second one cannot:")
        let first = try startServer(["vipns-lab", "answer"], log: "bare", shown: "\(Self.program) &")
        defer { end(first.pid) }
        page.output(first.line)
        let second = try show(Self.program)
        try expect(
            second.status == 1 && second.text.contains("Address already in use"),
            "a second program on the same host fails with 'Address already in use'")
    }

    /// A session of the story, and what its program said first.
    private struct Session {
        let id: String
        let address: String
    }

    private func openThree() throws -> [Session] {
        page.heading("2. With vipns: the same program three times, each in a session of its own")
        var sessions: [Session] = []
        for number in 1...3 {
            let server = try startServer(
                ["vipns", "enter", "--", Self.path, "answer"], log: "session-\(number)",
                shown: "vipns enter -- \(Self.path) answer &")
            page.output(server.line)
            // `serving … in session ID at ADDRESS`
            let words = server.line.split(separator: " ").suffix(3).map(String.init)
            try expect(words.count == 3 && words[1] == "at", "the program is in a session")
            sessions.append(Session(id: words[0], address: words[2]))
        }
        try expect(
            Set(sessions.map(\.address)) == Set(Self.addresses), "the three sessions have the pool's three addresses")
        return sessions
    }

    private func neighbourAsks(_ sessions: [Session]) throws {
        page.heading("3. The LAN sees three hosts: a neighbour asks each at its own address")
        for session in sessions {
            let answer = try show("ip netns exec neighbour vipns-lab ask \(session.address) 5060")
            try expect(
                answer.text == "this is session \(session.id) at \(session.address)",
                "\(session.address) is answered by session \(session.id)")
        }
    }

    private func loopbacksAnswer(_ sessions: [Session]) throws {
        page.heading("4. Each session's 127.0.0.1 is its own")
        for session in sessions {
            let answer = try show("vipns exec \(session.id) -- \(Self.path) ask 127.0.0.1 8125")
            try expect(
                answer.text.hasPrefix("this is the loopback of session \(session.id) "),
                "the loopback of session \(session.id) answers for itself")
        }
        let outside = try show("vipns-lab ask 127.0.0.1 8125")
        try expect(outside.status != 0, "the host's own loopback does not answer")
    }

    private func showService(free: String) throws {
        page.heading("5. What the service knows")
        try expect(try show("vipns list").status == 0, "'vipns list' works")
        try expect(try show("vipns pool").status == 0, "'vipns pool' works")
        try expect(try freeAddresses() == free, "the pool has \(free) free addresses")
    }

    private func openFourth() throws {
        page.heading("6. A fourth session: the pool is empty, so it goes on with the host's network")
        let answer = try show("vipns enter -- ip -brief -4 address show dev \(LabNetwork.parentLink)")
        try expect(answer.text.contains(Self.refusal), "the fourth session is told '\(Self.refusal)'")
        try expect(
            answer.status == 0 && answer.text.contains(LabNetwork.hostAddress), "it goes on with the host's network")
    }

    private func endAll() throws {
        page.heading("7. All sessions end; after a rest of 1 s every address is free again")
        try expect(try show("vipns close --all --kill", upTo: .seconds(20)).status == 0, "all sessions are closed")
        for _ in 0..<100 {
            if try freeAddresses() == "3" { break }
            usleep(100_000)
        }
        try expect(try show("vipns pool").status == 0, "'vipns pool' works")
        try expect(try freeAddresses() == "3", "the pool is full again within 10 s")
    }

    private func lookBack() throws {
        page.heading("9. Who had this address, and when")
        let history = try show("vipns history --address \(Self.addresses[0])")
        try expect(
            history.status == 0 && history.text.contains(Self.addresses[0]),
            "the history knows who had \(Self.addresses[0])")
    }

    private func count(against before: Census) throws {
        page.heading("10. What is left")
        let rest = Census.take().difference(from: before)
        page.say("census of the lab, after and before its sessions: \(rest)")
        try expect(rest.isEmpty, "nothing of the sessions is left")
        for daemon in Daemons.Daemon.allCases {
            try expect(
                lab.daemons.descriptors(of: daemon).namespaces == 0, "the \(daemon) holds no namespace any more")
        }
    }
}

// What a chapter is told with.
extension DemoStory {
    /// Runs a command as it stands there, shows it, and shows what came back.
    func show(_ command: String, upTo limit: Duration = .seconds(10)) throws -> Children.Outcome {
        page.command(command)
        let outcome = try lab.children.capture(command.split(separator: " ").map(String.init), upTo: limit)
        if !outcome.text.isEmpty { page.output(outcome.text) }
        return outcome
    }

    /// Starts a server and waits, 10 s at most, for the line that says that it serves.
    func startServer(
        _ words: [String], log name: String, shown: String
    ) throws -> (pid: Int32, line: String) {
        page.command(shown)
        let path = "\(LabPaths.log)/\(name).log"
        let log = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode: 0o644)
        let pid = try log.withRaw { raw in
            try lab.children.start(Children.Command(words, descriptors: (-1, raw, raw), detached: true))
        }
        for _ in 0..<1000 {
            let text = (try? readTextFile(path)) ?? ""
            if let line = text.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix("serving ") }) {
                return (pid, String(line))
            }
            if lab.children.wait(pid, upTo: .milliseconds(10)) != nil { break }
        }
        let text = (try? readTextFile(path)) ?? ""
        throw Complaint("not as told: '\(shown)' does not serve: \(text)\n\(lab.daemons.logs())")
    }

    func end(_ pid: Int32) {
        kill(pid, SIGKILL)
        _ = lab.children.wait(pid, upTo: .seconds(5))
    }

    func freeAddresses() throws -> String? {
        let outcome = try lab.children.capture(["vipns", "pool", "--json"])
        return JSONScan(outcome.text).values(ofKey: "free").first
    }

    func expect(_ isSo: Bool, _ expectation: String) throws {
        if !isSo { throw Complaint("not as told: \(expectation)\n\(lab.daemons.logs())") }
    }
}
