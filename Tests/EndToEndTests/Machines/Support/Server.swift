import Foundation
import Testing

/// A machine with vipns from its package, and the LAN's people who come to it.
final class Server {
    let machine: Machine
    private var empty = ""

    /// Boots one and sets it up as docs/operations.md and docs/pam.md say.
    ///
    /// - Parameter meanwhile: what can be done while it boots.
    init(
        _ system: MachineSystem, host: Int = 10, range: String = "10.88.0.101-10.88.0.140", lines: [String] = [],
        _ options: Machine.Options = Machine.Options(), meanwhile: () throws -> Void = {}
    ) throws {
        machine = try Machine(system, host: host, options)
        try meanwhile()
        try machine.awaitReady()
        try machine.script("network", machine.address, machine.mac)
        try machine.script("install")
        try configure(range, lines)
        try machine.script("logins")
        empty = try census()
    }

    /// Writes a configuration with one pool and has it taken up.
    func configure(_ range: String, _ lines: [String] = []) throws {
        let words = ([range] + lines).map { "'\($0)'" }.joined(separator: " ")
        try machine.succeed("bash -euo pipefail /run/guest/configure.sh \(words)", within: .seconds(120))
    }

    /// What sessions may leave behind.
    func census() throws -> String {
        _ = try eventually(within: .seconds(10)) { try sessions().isEmpty }
        return try machine.script("census")
    }

    /// Whether it is as it was before the first session.
    func expectEmpty(sourceLocation: SourceLocation = #_sourceLocation) throws {
        var now = ""
        let isEmpty = try eventually(within: .seconds(15)) {
            now = try census()
            return now == empty
        }
        #expect(isEmpty, "left behind: \(now), once: \(empty)", sourceLocation: sourceLocation)
    }

    /// All sessions.
    func sessions() throws -> [SessionRow] {
        try JSONDecoder().decode([SessionRow].self, from: Data(try machine.succeed("vipns list --json").utf8))
    }

    /// Waits for a user's session.
    func awaitSession(of user: String) throws -> SessionRow {
        let found = try awaited(within: .seconds(30)) {
            try sessions().first { $0.user == user && $0.state == "active" }
        }
        return try #require(found, "no session of \(user)")
    }

    /// Boots anew, as an administrator does, and waits until people may log in.
    func reboot() throws {
        try machine.send("systemctl reboot")
        try machine.awaitReady(within: .seconds(240))
        try machine.succeed("systemctl is-system-running --wait; systemctl is-active vipnsd", within: .seconds(180))
    }

    /// What is remembered, newest first.
    func history() throws -> [HistoryRow] {
        let text = try machine.succeed("vipns history --json --limit 10000")
        return try JSONDecoder().decode([HistoryRow].self, from: Data(text.utf8))
    }
}

/// Somebody else on the LAN, on a machine of his own, who may come to the server as anybody.
final class Neighbour {
    let machine: Machine

    /// Switches it on.
    init(_ system: MachineSystem, host: Int = 20) throws {
        machine = try Machine(system, host: host, Machine.Options(role: .neighbour, processors: 1))
    }

    /// Waits until it is there, and makes the two known to each other.
    func meet(_ server: Server) throws {
        try machine.awaitReady()
        let serverKey = try server.machine.succeed("cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub")
        let key = try machine.script("neighbour", machine.address, server.machine.address, serverKey)
        try server.machine.script("accept", key)
    }

    /// A server and a neighbour that know each other.
    static func pair(
        _ system: MachineSystem, range: String = "10.88.0.101-10.88.0.140", lines: [String] = [],
        _ options: Machine.Options = Machine.Options()
    ) throws -> (server: Server, neighbour: Neighbour) {
        var neighbour: Neighbour?
        let server = try Server(system, range: range, lines: lines, options) { neighbour = try Neighbour(system) }
        guard let neighbour else { throw TestFailure("no neighbour") }
        try neighbour.meet(server)
        return (server, neighbour)
    }

    /// Logs in by ssh to the server and runs a command there.
    func ssh(_ user: String, _ command: String, options: String = "") throws -> Outcome {
        try machine.run("ssh \(options) \(user)@server '\(command)'", within: .seconds(90))
    }

    /// Logs in and stays until the session or the machine ends.
    func stay(_ user: String, options: String = "") throws {
        try machine.succeed("ssh \(options) \(user)@server 'exec sleep 3600' > /dev/null 2>&1 &")
    }

    /// The only IPv4 address that a login finds, with its user.
    func address(of user: String) throws -> String {
        let command = "ip -o -4 addr show scope global | awk \"{ print \\$4 }\""
        let outcome = try ssh(user, command)
        guard outcome.status == 0 else { throw TestFailure("ssh \(user): \(outcome)") }
        return outcome.output
    }
}
