import Glibc
import Testing

extension EndToEnd {
    @Suite struct ReloadTests {}
}

extension TestLab {
    /// One pool of a configuration for this lab.
    static func pool(_ name: String, _ ranges: String, parent: String = "lan0", hold: String = "100ms") -> String {
        "  \(name): {ranges: [\(ranges)], prefix: 10.77.0.0/24, gateway: 10.77.0.1, parent: \(parent), hold: \(hold)}\n"
    }

    /// Writes the configuration.
    func write(pools: [String], _ rest: String = "") throws {
        let text = "pools:\n\(pools.joined())\(rest)"
        try succeed("sh", "-c", "printf '%s' \"$1\" > /run/vipns-lab/vipns.yaml", "sh", text)
    }

    /// Has it taken up.
    func reload(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let outcome = try vipns("reload")
        #expect(outcome.status == 0, "\(outcome)", sourceLocation: sourceLocation)
        #expect(outcome.output == "'/run/vipns-lab/vipns.yaml' is in force", sourceLocation: sourceLocation)
    }

    /// Whether the neighbour is reached from a session.
    func isConnected(_ id: String) throws -> Bool {
        let ask = "import socket; socket.create_connection(('10.77.0.1', 9), 5)"
        return try vipns("exec", id, "--", "python3", "-c", ask).errors.contains("Connection refused")
    }
}

extension EndToEnd.ReloadTests {
    @Test func `a pool that shrinks keeps its sessions, and gives their addresses no more`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            #expect(session.address == "10.77.0.101")
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.102-10.77.0.103"), TestLab.pool("new", "10.77.0.110")])
            try lab.reload()
            #expect(try lab.pool() == PoolRow(total: 2, free: 2, leased: 1, held: 0, quarantined: 0))
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.isConnected(session.id))
            let added = try lab.enter(options: ["--pool", "new"])
            #expect(added.address == "10.77.0.110")
            #expect(try lab.isConnected(added.id))
            // The address is of a pool again while its session lives, and yet not given twice.
            try lab.write(pools: [TestLab.pool("other", "10.77.0.101"), TestLab.pool("lab", "10.77.0.102-10.77.0.103")])
            try lab.reload()
            #expect(try lab.pool() == PoolRow(total: 1, free: 0, leased: 0, held: 0, quarantined: 0))
            #expect(try lab.vipns("enter", "--pool", "other", "--", "true").errors.contains("No virtual IP address"))
            #expect(try lab.vipns("close", session.id, "--kill").status == 0)
            try lab.expectFullPool()
            #expect(try lab.enter(options: ["--pool", "other"]).address == "10.77.0.101")
            #expect(try lab.history(of: session.id).reason == "closed by request")
        }
    }

    @Test func `a pool that goes leaves its sessions as they are, with the hold that it had`() async throws {
        try await inLab { lab in
            let pools = [TestLab.pool("lab", "10.77.0.102"), TestLab.pool("old", "10.77.0.101", hold: "3s")]
            try lab.write(pools: pools)
            try lab.reload()
            let session = try lab.enter(options: ["--pool", "old"])
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.101-10.77.0.102", hold: "1h")])
            try lab.reload()
            #expect(try lab.vipns("enter", "--pool", "old", "--", "true").errors.contains("there is no pool 'old'"))
            #expect(try lab.session(session.id)?.pool == "old")
            // A service that is started anew knows it as well.
            try lab.tell("kill service")
            try lab.tell("start service")
            #expect(try lab.session(session.id)?.state == "active")
            try lab.write(pools: pools)
            try lab.reload()
            #expect(try lab.vipns("close", session.id, "--kill").status == 0)
            #expect(try lab.session(session.id)?.state == "held")
            try lab.expect(session.id, becomes: nil)
        }
    }

    @Test func `a parent link that changes is for new sessions`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            // A link that leads nowhere.
            try lab.succeed("ip", "link", "add", "lan9", "type", "veth", "peer", "name", "nowhere")
            for end in ["lan9", "nowhere"] { try lab.succeed("ip", "link", "set", end, "up") }
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.101-10.77.0.103", parent: "lan9")])
            try lab.reload()
            let other = try lab.enter()
            #expect(other.address == "10.77.0.102")
            #expect(try lab.isConnected(session.id))
            #expect(try !lab.isConnected(other.id))
            #expect(try lab.vipns("show", session.id).output.contains("lan0"))
            #expect(try lab.vipns("show", other.id).output.contains("lan9"))
            try lab.succeed("vipns", "close", "--all", "--kill")
            try lab.expectFullPool()
            try lab.succeed("ip", "link", "del", "lan9")
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.101-10.77.0.103")])
            try lab.reload()
        }
    }

    @Test func `operators and rules are replaced at once`() async throws {
        try await inLab { lab in
            let login = "print(call('Login', user='alice', service='sshd')['parameters']['outcome'])"
            let session = try lab.enter()
            #expect(try lab.vipns(as: "bob", "list", "--json").output.filter { !$0.isWhitespace } == "[]")
            #expect(try lab.client(login).output == "granted")
            try lab.write(
                pools: [TestLab.pool("lab", "10.77.0.101-10.77.0.103")],
                "operators: watchers\nrules: [{users: [alice], pool: none}, {pool: lab}]\n")
            try lab.reload()
            #expect(try lab.vipns(as: "bob", "list", "--json").output.contains(session.id))
            #expect(try lab.client(login).output == "alone")
            // All that is open stays open, and a right that is taken away is gone on it, too.
            let watching = try lab.start(
                "setpriv", "--reuid", "bob", "--regid", "bob", "--init-groups", "vipns", "watch", "--json")
            usleep(500_000)
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            #expect(try watching.line().contains("opened"))
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.101-10.77.0.103")])
            try lab.reload()
            #expect(try lab.vipns(as: "bob", "list", "--json").output.filter { !$0.isWhitespace } == "[]")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
            // What of it was seen came before.
            var last = ""
            while let line = try? watching.line(within: .milliseconds(500)) { last = line }
            let unseen = try #require(try lab.history().first).id
            #expect(!last.contains(unseen))
        }
    }

    @Test func `a file with mistakes changes nothing, and all of them are told with line and column`() async throws {
        try await inLab { lab in
            let session = try lab.enter()
            let before = try lab.succeed("vipns", "pool", "--json")
            try lab.write(
                pools: ["  lab: {ranges: [10.77.0.109-10.77.0.102], prefx: 10.77.0.0/24}\n"], "operators: 'a b'\n")
            let outcome = try lab.vipns("reload")
            #expect(outcome.status == 1 && outcome.output.isEmpty)
            let lines = outcome.errors.split(separator: "\n")
            let checked = try lab.vipns("check", "/run/vipns-lab/vipns.yaml").errors.split(separator: "\n")
            #expect(lines.dropLast().map { $0.dropFirst(7) } == checked.map { $0.dropFirst(8) }, "\(outcome)")
            #expect(lines.count == 5 && lines[1].contains("vipns.yaml' line 2, column 18: "), "\(outcome)")
            #expect(lines.last == "vipns: nothing is changed, the configuration in force stays")
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.101")], "operators: nobody-here\n")
            #expect(
                try lab.vipns("reload").errors.contains(
                    "yaml' line 3, column 12: there is no group 'nobody-here' on this host (make it, or correct 'operators')"
                ))
            try lab.succeed("chmod", "o+w", "/run/vipns-lab/vipns.yaml")
            #expect(try lab.vipns("reload").errors.contains("can be written by others"))
            try lab.tell("signal service 1")
            #expect(try eventually { try lab.obey("logs").contains("cannot reload, the old configuration stays") })
            #expect(
                try lab.vipns(as: "alice", "reload").errors
                    == "vipns: permission denied: only root reloads the configuration")
            #expect(try lab.succeed("vipns", "pool", "--json") == before)
            #expect(try lab.session(session.id)?.state == "active")
            #expect(try lab.enter().address == "10.77.0.102")
        }
    }

    @Test func `SIGHUP to the service reloads as well`() async throws {
        try await inLab { lab in
            try lab.write(pools: [TestLab.pool("lab", "10.77.0.105-10.77.0.109")])
            try lab.tell("signal service 1")
            #expect(try eventually { try lab.pool().total == 5 })
            #expect(try lab.enter().address == "10.77.0.105")
        }
    }
}
