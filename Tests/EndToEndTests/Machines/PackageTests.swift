import Testing

extension Machines {
    @Suite struct PackageTests {}
}

extension Machines.PackageTests {
    /// What a customer does on the first day: the package, both units, logins from another machine.
    @Test(arguments: MachineSystem.chosen)
    func `a server gets the package, and logins from the LAN their sessions`(system: MachineSystem) async {
        await onMachine {
            let (server, neighbour) = try Neighbour.pair(system)
            let machine = server.machine
            #expect(try machine.succeed("systemctl is-active vipns-helper vipnsd") == "active\nactive")
            // A login has an address of its own, as itself and the LAN see it.
            #expect(try neighbour.address(of: "alice").hasPrefix("10.88.0.1"))
            #expect(try neighbour.address(of: "root") == "\(machine.address)/24")
            try neighbour.stay("alice")
            let session = try server.awaitSession(of: "alice")
            let address = try #require(session.address)
            try neighbour.machine.succeed("ping -c 1 -W 5 \(address)")
            #expect(try neighbour.machine.succeed("ip neigh show \(address)").contains(session.mac ?? "none"))

            // IPv6 as well: what the kernel itself sends in a session is not kept back by what the units are kept from.
            let pair = try machine.script("pairs")
            #expect(pair.contains("inet6 fd88::1"), "\(pair)")

            // With nobody left in it, the pool's only address is another one's.
            try server.configure("\(address)-\(address)", ["exhaustion: deny"])
            let refused = try neighbour.ssh("bob", "true")
            #expect(refused.status != 0 && refused.output.contains(exhaustedSentence), "\(refused)")
            try server.configure("\(address)-\(address)", ["exhaustion: isolate"])
            #expect(try neighbour.address(of: "bob").isEmpty)
            try server.configure("\(address)-\(address)", ["exhaustion: share"])
            #expect(try neighbour.address(of: "bob") == "\(machine.address)/24")

            // Taken away from its owner it is bob's.
            try machine.succeed("vipns close --kill \(session.id)")
            #expect(try eventually(within: .seconds(20)) { try server.sessions().isEmpty })
            #expect(try neighbour.address(of: "bob") == "\(address)/24")
            #expect(try server.history().count { $0.outcome == "shared" } == 1)
            try server.expectEmpty()
            // Nothing of ours has failed or complained.
            #expect(try machine.succeed("systemctl --failed --plain --no-legend") == "")
            let log = try machine.succeed("journalctl -b -p err -u vipnsd -u vipns-helper --no-pager -o cat")
            #expect(log == "", "\(log)")
        }
    }
}

/// Asks again and again until there is an answer; nil after `limit`.
func awaited<Value>(within limit: Duration, _ ask: () throws -> Value?) rethrows -> Value? {
    var value: Value?
    _ = try eventually(within: limit) {
        value = try ask()
        return value != nil
    }
    return value
}
