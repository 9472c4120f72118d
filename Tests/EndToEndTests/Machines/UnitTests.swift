import Testing

extension Machines {
    /// What systemd does to the two units while people are logged in.
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct UnitTests {}
}

extension Machines.UnitTests {
    @Test(arguments: MachineSystem.chosen)
    func `the units may be restarted, stopped, hang and be replaced under live logins`(system: MachineSystem) async {
        await onMachine {
            let (server, neighbour) = try Neighbour.pair(system)
            let machine = server.machine
            try neighbour.stay("alice")
            let session = try server.awaitSession(of: "alice")
            let namespace = try machine.succeed("ip netns exec vipns-\(session.id) readlink /proc/self/ns/net")

            /// Whatever was done: the login has its address, its process and its network, and new ones get theirs.
            func expectUnharmed(_ what: String) throws {
                let now = try server.sessions().first { $0.id == session.id }
                #expect(
                    now?.state == "active" && now?.leaders == session.leaders, "\(what): \(String(describing: now))")
                let leader = session.leaders.first ?? 0
                #expect(try machine.succeed("readlink /proc/\(leader)/ns/net") == namespace, "\(what)")
                try neighbour.machine.succeed("ping -c 1 -W 5 \(session.address ?? "")")
                #expect(try machine.run("vipns enter -- true").status == 0, "\(what)")
            }

            for unit in ["vipnsd", "vipns-helper", "vipnsd vipns-helper", "vipns-helper vipnsd"] {
                try machine.succeed("systemctl restart \(unit)")
                try expectUnharmed("restart \(unit)")
            }
            // Stopped and started in any order: a command right after is answered, for a start waits until it serves.
            for (stop, start) in [
                ("vipnsd vipns-helper", "vipns-helper vipnsd"), ("vipns-helper vipnsd", "vipns-helper vipnsd"),
                ("vipns-helper", "vipns-helper"), ("vipnsd vipns-helper", "vipnsd"),
            ] {
                try machine.succeed("for unit in \(stop); do systemctl stop $unit; done")
                try machine.succeed("for unit in \(start); do systemctl start $unit; done; vipns list")
                // The service finds a helper that was started after it within 200 ms; emulation takes its time.
                #expect(try eventually(within: .seconds(10)) { try machine.run("vipns enter -- true").status == 0 })
                try expectUnharmed("stop \(stop), start \(start)")
            }
            // A service that is started alone counts as started all the same: a machine must boot.
            try machine.succeed("systemctl mask --runtime --now vipns-helper; systemctl restart vipnsd")
            #expect(try machine.succeed("systemctl is-active vipnsd") == "active")
            #expect(try machine.succeed("systemctl show -P StatusText vipnsd").contains("waiting for vipns-helper"))
            try machine.succeed("systemctl unmask --runtime vipns-helper; systemctl start vipns-helper")
            #expect(try eventually(within: .seconds(10)) { try machine.run("vipns enter -- true").status == 0 })

            // One that hangs is ended by the watchdog and started anew.
            for unit in ["vipnsd", "vipns-helper"] {
                let before = try machine.succeed("systemctl show -P MainPID \(unit)")
                try machine.succeed("kill -STOP \(before)")
                #expect(
                    try eventually(within: .seconds(30)) {
                        let now = try machine.succeed("systemctl show -P MainPID -P ActiveState \(unit)")
                        return !now.contains(before) && now.contains("active") && !now.contains("activating")
                    }, "\(unit)")
                let log = try machine.succeed("journalctl -b -u \(unit) -o cat --no-pager")
                #expect(log.contains("Watchdog timeout"), "\(unit)")
                #expect(try eventually(within: .seconds(10)) { try machine.run("vipns enter -- true").status == 0 })
                try expectUnharmed("watchdog of \(unit)")
            }

            // The package is replaced by a newer and an older one.
            try machine.script("upgrade", "9.0", within: .seconds(400))
            try expectUnharmed("upgrade")
            try machine.script("upgrade", "0.0.1", within: .seconds(400))
            try expectUnharmed("downgrade")

            // How much systemd thinks that the units leave open, 0 to 10, on the running system.
            for (unit, limit) in [("vipnsd", "1.2"), ("vipns-helper", "5.3")] {
                let words = "systemd-analyze security --no-pager \(unit)"
                let exposure = try machine.succeed(
                    "\(words) | sed -n 's/.*exposure level for .*: \\([0-9.]*\\) .*/\\1/p'")
                #expect(Double(exposure) ?? 10 <= Double(limit) ?? 0, "\(unit): \(exposure)")
            }
            try machine.succeed("vipns close --kill \(session.id)")
            try server.expectEmpty()
        }
    }
}
