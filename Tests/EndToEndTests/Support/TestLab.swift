import Foundation
import Glibc
import LinuxSystem
import Testing

/// A lab that `vipns-lab hold` keeps open, and what a user does in it.
final class TestLab {
    /// Accounts that exist in every lab, and nowhere else.
    static let alice: UInt32 = 64801
    static let bob: UInt32 = 64802

    private let hold: Running
    private let pid: Int32
    /// The processes that tests started, as the lab numbers them.
    private var started: [String] = []
    /// Kept, because a program that writes into a closed socket is killed by that.
    private var runnings: [Running] = []
    private var empty: [String: String] = [:]

    init(_ options: [String], accounts: Bool, daemons: Bool) throws {
        var words = [Programs.path("vipns-lab"), "hold", "--programs", Programs.folder]
        if !daemons { words.append("--no-daemons") }
        hold = try Running(words + options)
        let greeting = try hold.line(within: .seconds(30)).split(separator: " ")
        guard greeting.first == "ready", let pid = Int32(greeting.last ?? "") else {
            throw TestFailure("vipns-lab said '\(greeting.joined(separator: " "))'")
        }
        self.pid = pid
        if accounts { try makeAccounts() }
        empty = try census()
    }

    /// Shows two users and a group in place of the machine's files, in the lab alone.
    private func makeAccounts() throws {
        let script = """
            set -e
            cd /run/vipns-lab
            for file in passwd group; do grep -vE '^(alice|bob|callers|watchers):' /etc/$file > $file; done
            echo 'alice:x:64801:64801:Alice:/run/alice:/bin/sh' >> passwd
            echo 'bob:x:64802:64802:Bob:/:/bin/sh' >> passwd
            printf 'alice:x:64801:\\nbob:x:64802:\\ncallers:x:64811:alice,bob\\nwatchers:x:64812:bob\\n' >> group
            mkdir /run/alice; chown 64801:64801 /run/alice
            mount --bind passwd /etc/passwd; mount --bind group /etc/group
            """
        try succeed("sh", "-c", script)
    }

    // MARK: Words for the lab

    /// Has the lab obey a word.
    func obey(_ word: String, within limit: Duration = .seconds(15)) throws -> String {
        try hold.say(word)
        return try hold.line(within: limit)
    }

    /// Has the lab obey a word that is answered by `ok`.
    func tell(_ word: String) throws {
        let answer = try obey(word)
        guard answer == "ok" else { throw TestFailure("'\(word)': \(answer)") }
    }

    /// The process of a daemon, as the lab numbers it.
    func process(of daemon: String) throws -> Int32 {
        let answer = try obey("pid \(daemon)")
        guard let pid = Int32(answer.dropFirst(4)) else { throw TestFailure("pid \(daemon): \(answer)") }
        return pid
    }

    /// What there is, by name.
    func census() throws -> [String: String] {
        let pairs = try obey("census").split(separator: " ").dropFirst().compactMap { word in
            word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
        }
        return Dictionary(pairs) { $1 }
    }

    /// Writes the configuration with a line before the pools, and makes the service's state directory its own: what
    /// the lab does before it starts daemons.
    func configure(_ line: String = "", pool: [String] = []) throws {
        let lines =
            [
                "ranges: [10.77.0.101-10.77.0.103]", "prefix: 10.77.0.0/24", "gateway: 10.77.0.1", "parent: lan0",
                "hold: 100ms",
            ] + pool
        let text = "\(line)\npools:\n  lab:\n" + lines.map { "    \($0)\n" }.joined()
        try succeed("sh", "-c", "printf '%s' '\(text)' > /run/vipns-lab/vipns.yaml")
        try succeed("chown", "64742:64742", "/run/vipns-lab/state")
    }

    // MARK: Commands on the lab's host

    private static let environment =
        ["PATH=/run/vipns-lab/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "TERM=dumb"]
        // Where ThreadSanitizer's reports go: programs that are started here may have races, too.
        + (Environment["TSAN_OPTIONS"].map { ["TSAN_OPTIONS=\($0)"] } ?? [])

    private func inside(_ words: [String]) -> [String] {
        ["/usr/bin/nsenter", "-t", "\(pid)", "-m", "-n", "-p", "--"] + words
    }

    /// Runs a command to its end.
    func run(_ words: [String], within limit: Duration = .seconds(20), variables: [String] = []) throws -> Outcome {
        try Running(inside(words), environment: Self.environment + variables).end(within: limit)
    }

    func run(_ words: String...) throws -> Outcome { try run(words) }

    /// Runs a command that must succeed; gives its output.
    @discardableResult
    func succeed(_ words: String..., within limit: Duration = .seconds(20)) throws -> String {
        let outcome = try run(words, within: limit)
        guard outcome.status == 0 else {
            throw TestFailure(
                "'\(words.joined(separator: " "))' gave \(outcome.status): \(outcome.output) \(outcome.errors)")
        }
        return outcome.output
    }

    /// Runs the command line.
    func vipns(_ words: String...) throws -> Outcome { try run(["vipns"] + words) }

    /// Runs the command line as somebody else than root, with that user's groups.
    func vipns(as user: String, _ words: String...) throws -> Outcome {
        try run(["setpriv", "--reuid", user, "--regid", user, "--init-groups", "vipns"] + words)
    }

    /// Starts a command and goes on; what it becomes ends with the test.
    func start(_ words: [String]) throws -> Running {
        let shell = ["sh", "-c", "echo $$; exec \"$@\"", "sh"]
        let running = try Running(inside(shell + words), environment: Self.environment)
        let own = try running.line()
        started.append(own)
        runnings.append(running)
        return running
    }

    func start(_ words: String...) throws -> Running { try start(words) }

    /// Opens a session for a shell that says its own number first, then does what `script` says.
    func enter(_ script: String, options: [String] = []) throws -> Entered {
        let running = try start(
            ["vipns", "enter"] + options + ["--", "sh", "-c", "echo $$ $VIPNS_SESSION $VIPNS_ADDRESS; \(script)"])
        let words = try running.line().split(separator: " ").map(String.init)
        guard words.count >= 2, let pid = Int32(words[0]) else { throw TestFailure("enter said \(words)") }
        return Entered(running: running, pid: pid, id: words[1], address: words.count > 2 ? words[2] : nil)
    }

    /// Opens a session that lasts until it is ended by something else.
    func enter(options: [String] = []) throws -> Entered { try enter("exec sleep 600", options: options) }

    /// Runs a command on the neighbour.
    func onNeighbour(_ words: String...) throws -> Outcome {
        try run(["nsenter", "--net=/run/netns/neighbour"] + words)
    }

    // MARK: The end

    /// Ends everything that was started, and the lab, and looks at what is left.
    func leave() {
        do {
            try giveBack()
        } catch {
            Issue.record("cannot leave the lab: \(error)\n\((try? obey("logs")) ?? "")")
        }
        if let path = Environment["VIPNS_TEST_LOGS"], let logs = try? obey("logs") {
            try? writeFile("\(path)/\(Test.current?.name ?? "test").log", logs, flags: O_CREAT | O_TRUNC)
        }
        hold.endInput()
        do {
            let outcome = try hold.end(within: .seconds(15))
            #expect(outcome.status == 0, "the lab: \(outcome.output) \(outcome.errors)")
        } catch {
            Issue.record("the lab did not end: \(error)")
        }
    }

    private var forgotten: Set<String> = []

    /// Leaves a session that rests for long out of what must be gone at the end.
    func forget(_ id: String) { forgotten.insert(id) }

    /// Whether the lab is as it was before the first session.
    func isEmpty() throws -> Bool {
        var now = try census()
        if !forgotten.isEmpty { now["sessions"] = "\(try sessions().filter { !forgotten.contains($0.id) }.count)" }
        return now.filter { Self.counted.contains($0.key) } == empty.filter { Self.counted.contains($0.key) }
    }

    private func giveBack() throws {
        // Without daemons from the start there is nothing to be asked, and what was started ends with the lab.
        guard empty["sessions"] == "0" else { return }
        for daemon in ["helper", "service"] where try obey("pid \(daemon)") == "error not running" {
            try tell("start \(daemon)")
        }
        _ = try run(["vipns", "close", "--all", "--kill"], within: .seconds(40))
        if !started.isEmpty { _ = try run(["kill", "-9"] + started) }
        let isEmpty = try eventually(within: .seconds(8)) { try self.isEmpty() }
        let now = isEmpty ? empty : try census()
        #expect(isEmpty, "left behind: \(now.filter { empty[$0.key] != $0.value }), once: \(empty)")
    }

    /// What must be as it was; the service's own descriptors vary with its database.
    private static let counted: Set<String> = [
        "processes", "namespaces", "mounts", "names", "links", "sessions", "helper-descriptors", "helper-namespaces",
        "service-namespaces",
    ]
}

/// A session that was entered.
struct Entered {
    let running: Running
    /// Of the command, as the lab numbers it.
    let pid: Int32
    let id: String
    let address: String?
}
