import Testing

extension Machines {
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct RebootTests {}
}

extension Machines.RebootTests {
    @Test(arguments: MachineSystem.chosen)
    func `a reboot ends 200 sessions without waiting for them, and frees all`(system: MachineSystem) async {
        await onMachine {
            let (server, neighbour) = try Neighbour.pair(system, range: "10.88.0.30-10.88.0.249")
            let machine = server.machine
            // How long a shutdown takes without sessions, in microseconds of the journal's clock.
            try server.reboot()
            let alone = try machine.succeed("bash /run/guest/shutdown-time.sh")

            // 40 by hand, 159 that nobody has entered, and a login.
            try machine.succeed("python3 /run/guest/reserve.py 159", within: .seconds(120))
            try machine.succeed("systemd-run -q --unit crowd bash /run/guest/crowd.sh 40", within: .seconds(120))
            try neighbour.stay("alice")
            let all = try awaited(within: .seconds(150)) {
                let live = try server.sessions().filter { $0.state == "active" }
                return live.count == 200 ? live : nil
            }
            let live = try #require(all)
            let ids = Set(live.map(\.id))
            try server.reboot()

            #expect(try server.sessions().isEmpty)
            #expect(try machine.succeed("systemctl is-active vipns-helper vipnsd") == "active\nactive")
            let history = try server.history().filter { ids.contains($0.id) }
            #expect(history.count == 200)
            #expect(history.allSatisfy { $0.ended != nil }, "\(history.filter { $0.ended == nil })")
            // What had processes ended with them, while the machine went down; the rest with the machine.
            let reasons = history.compactMap(\.reason).reduce(into: [:]) { $0[$1, default: 0] += 1 }
            #expect(reasons["ended by reboot"] ?? 0 >= 159, "\(reasons)")
            #expect(Set(reasons.keys).isSubset(of: ["ended by reboot", "last leader ended"]), "\(reasons)")
            let crowded = try machine.succeed("bash /run/guest/shutdown-time.sh")
            let (short, long) = (try #require(Double(alone)), try #require(Double(crowded)))
            #expect(long < short + 20, "a shutdown took \(short) s alone and \(long) s with 200 sessions")
            print("shutdown: \(short) s alone, \(long) s with 200 sessions; reasons: \(reasons)")

            // The daemons were ready before anybody could log in.
            let order = try machine.succeed(
                "for unit in vipns-helper vipnsd systemd-user-sessions; do "
                    + "systemctl show -P ActiveEnterTimestampMonotonic $unit; done")
            let times = order.split(separator: "\n").compactMap { Int($0) }
            #expect(times.count == 3 && times == times.sorted() && times[0] > 0, "\(order)")
            // And everything is to be had again.
            try neighbour.stay("bob")
            _ = try server.awaitSession(of: "bob")
        }
    }
}
