import Glibc
import LinuxSystem
import Testing

extension EndToEnd {
    /// Real logins by real programs, through the PAM module.
    @Suite struct Logins {}
}

/// What users read where no address is left.
let exhaustedSentence = "No virtual IP address is available for this session, please contact your administrator."

/// A configuration with rules; without any, the usual logins get a session from the first pool.
struct LoginConfiguration {
    /// What stands between the braces of each rule.
    var rules: [String] = []
    /// Pools by name: first and last address.
    var pools = [("lab", "10.77.0.101-10.77.0.140")]
    /// More lines of every pool.
    var lines: [String] = []

    var text: String {
        let rules = rules.isEmpty ? "" : "rules:\n" + rules.map { "  - {\($0)}\n" }.joined()
        let pools = pools.map { name, range in
            let lines =
                [
                    "ranges: [\(range)]", "prefix: 10.77.0.0/24", "gateway: 10.77.0.1", "parent: lan0", "hold: 100ms",
                ] + lines
            return "  \(name):\n" + lines.map { "    \($0)\n" }.joined()
        }
        return rules + "pools:\n" + pools.joined()
    }
}

/// Runs `body` in a fresh lab in which people can log in, and counts afterwards what is left of it: nothing.
func inLoginLab(
    _ configuration: LoginConfiguration = LoginConfiguration(), _ body: @Sendable (TestLab) throws -> Void
) async throws {
    let path = "/tmp/vipns-logins-\(UInt64.random(in: 0 ... .max)).yaml"
    try writeFile(path, configuration.text, flags: O_CREAT | O_EXCL)
    defer { _ = unsafe unlink(path) }
    try await inLab(options: ["--logins", "--config", path], accounts: false) { lab in
        try lab.script(Place.installation)
        try body(lab)
    }
}

/// Where a process stands, as it says itself.
struct Place: Hashable, CustomStringConvertible {
    /// The inode of its network namespace.
    let namespace: String
    /// Its IPv4 addresses but for the loopback's, without their lengths.
    let addresses: String
    /// VIPNS_SESSION, VIPNS_POOL, VIPNS_ADDRESS and VIPNS_CLIENT_ADDRESS; nil where it is not set.
    let session: String?
    let pool: String?
    let address: String?
    let client: String?

    /// The program that says it.
    static let program = "/run/vipns-lab/place"
    fileprivate static let installation = """
        cat > \(program) <<'END'
        #!/bin/sh
        addresses=$(ip -o -4 addr show scope global | sed 's/.*inet \\([0-9.]*\\).*/\\1/' | tr '\\n' ' ')
        echo "place $(readlink /proc/self/ns/net)|${addresses% }|${VIPNS_SESSION--}|${VIPNS_POOL--}|${VIPNS_ADDRESS--}|${VIPNS_CLIENT_ADDRESS--}"
        END
        chmod 755 \(program)
        """

    /// Reads the last line that ``program`` wrote somewhere in `text`.
    init(in text: String) throws {
        let lines = text.split(whereSeparator: \.isNewline).compactMap { $0.firstMatch(of: /place (net:.*\|.*)/)?.1 }
        let fields = (lines.last ?? "").split(separator: "|", omittingEmptySubsequences: false).map(String.init)
        guard fields.count == 6 else { throw TestFailure("no place in '\(text)'") }
        namespace = fields[0]
        addresses = fields[1]
        (session, pool) = (fields[2] == "-" ? nil : fields[2], fields[3] == "-" ? nil : fields[3])
        (address, client) = (fields[4] == "-" ? nil : fields[4], fields[5] == "-" ? nil : fields[5])
    }

    private init(withoutClient place: Place) {
        (namespace, addresses, session) = (place.namespace, place.addresses, place.session)
        (pool, address, client) = (place.pool, place.address, nil)
    }

    /// The same place as a login tells it that did not come over the network.
    var withoutClient: Place { Place(withoutClient: self) }

    /// Whether it is a session with an address, and the environment tells of that one.
    var isSession: Bool { session != nil && address == addresses && address?.hasPrefix("10.77.0.1") == true }
    /// Whether it is the host, and the environment tells of no session.
    var isHost: Bool { session == nil && address == nil && addresses == "10.77.0.2" }

    var description: String { "\(namespace) [\(addresses)] \(session ?? "-") \(pool ?? "-") \(address ?? "-")" }
}

extension TestLab {
    /// Runs a shell script as root that must succeed.
    @discardableResult
    func script(_ script: String) throws -> String { try succeed("sh", "-euc", script) }

    /// Logs in by ssh to the lab's host and runs a command there, without a terminal.
    func ssh(_ user: String, _ command: String, options: [String] = []) throws -> Outcome {
        try run(["ssh"] + options + ["\(user)@127.0.0.1", command])
    }

    /// Where an ssh login stands.
    func place(of user: String, options: [String] = []) throws -> Place {
        try place(["ssh"] + options + ["\(user)@127.0.0.1", Place.program])
    }

    /// Where a command stands that runs ``Place/program`` in some way.
    func place(_ words: [String]) throws -> Place {
        let outcome = try run(words)
        guard outcome.status == 0 else { throw TestFailure("\(words): \(outcome)") }
        return try Place(in: outcome.output)
    }

    /// Where the host itself stands.
    func host() throws -> Place { try place([Place.program]) }

    /// Logs in by ssh and stays; the login says its place first, then does what `script` says.
    func stay(_ user: String, _ script: String = "exec sleep 600", options: [String] = []) throws -> Login {
        let running = try start(["ssh"] + options + ["\(user)@127.0.0.1", "\(Place.program); echo $$; \(script)"])
        let place = try Place(in: try running.line())
        return Login(running: running, place: place, pid: try running.line())
    }

    /// An ssh login that stays.
    struct Login {
        let running: Running
        let place: Place
        /// Of its shell, as the lab numbers it.
        let pid: String

        var id: String { place.session ?? "no session" }
    }

    /// Takes another configuration; live sessions notice nothing.
    func configure(_ configuration: LoginConfiguration) throws {
        try script("printf '%s' '\(configuration.text)' > /run/vipns-lab/vipns.yaml")
        try tell("kill service")
        try tell("start service")
    }

    /// Gives the module other arguments in all stacks, and lets lines of the session phase follow it.
    func stack(_ arguments: String = "", after: String? = nil) throws {
        try script(
            """
            sed -i 's#\\(/pam_vipns.so\\).*#\\1 \(arguments)#' /etc/pam.d/*
            \(after.map { "for file in /etc/pam.d/*; do echo '\($0)' >> $file; done" } ?? "")
            """)
    }

    /// The names of the processes in a session's namespace, with their numbers before them.
    func members(of place: Place) throws -> [String] {
        let script = """
            for process in /proc/[0-9]*; do
                [ "$(readlink $process/ns/net)" != "$1" ] || echo "${process#/proc/} $(cat $process/comm)"
            done
            """
        return try succeed("sh", "-c", script, "sh", place.namespace).split(separator: "\n").map(String.init)
    }

    /// The lines of the system log that the module wrote for a service.
    func moduleLog(_ service: String) throws -> [String] {
        try succeed("cat", "/run/vipns-lab/log/system.log").split(separator: "\n").filter {
            $0.contains("pam_vipns(\(service):")
        }.map(String.init)
    }

    /// Waits until no session is left, held addresses included.
    func expectNoSession(within limit: Duration = .seconds(3), sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        var rows: [SessionRow] = []
        let isSo = try eventually(within: limit) {
            rows = try sessions()
            return rows.isEmpty
        }
        #expect(isSo, "\(rows)", sourceLocation: sourceLocation)
    }
}
