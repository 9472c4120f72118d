import Testing

extension Machines {
    /// Logins as systemd-logind and others than sshd make them.
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct LoginManagerTests {}
}

extension Machines.LoginManagerTests {
    @Test(arguments: MachineSystem.chosen)
    func `scopes, user managers, machinectl and jobs are where logins are`(system: MachineSystem) async {
        await onMachine {
            let (server, neighbour) = try Neighbour.pair(system)
            let machine = server.machine
            let host = try machine.succeed("readlink /proc/1/ns/net")

            // logind's scope holds the login, which is in its session; terminate-session ends both.
            try neighbour.stay("alice")
            let alice = try server.awaitSession(of: "alice")
            let leader = try #require(alice.leaders.first)
            let login = try machine.succeed("loginctl list-sessions --no-legend | awk '/alice/ { print $1; exit }'")
            #expect(try machine.succeed("cat /proc/\(leader)/cgroup").contains("session-\(login).scope"))
            try machine.succeed("loginctl terminate-session \(login)")
            #expect(try eventually(within: .seconds(20)) { try server.sessions().isEmpty })

            // A user's manager and its services are the host's; a scope of a login's own is where the login is.
            let ownNamespace = "readlink /proc/self/ns/net"
            let places = try neighbour.ssh(
                "alice",
                "\(ownNamespace); systemd-run --user --wait --pipe -q \(ownNamespace); systemd-run --user --scope -q \(ownNamespace)"
            )
            let lines = places.output.split(separator: "\n").map(String.init)
            try #require(lines.count == 3, "\(places)")
            #expect(lines[0] != host && lines[1] == host && lines[2] == lines[0], "\(lines)")

            // What a user leaves running keeps its address, unless logind ends it.
            #expect(try neighbour.ssh("bob", "nohup sleep 600 > /dev/null 2>&1 < /dev/null &").status == 0)
            #expect(try eventually(within: .seconds(20)) { try server.sessions().map(\.state) == ["lingering"] })
            try machine.succeed("pkill -u bob sleep")
            #expect(try eventually(within: .seconds(20)) { try server.sessions().isEmpty })
            try machine.succeed(
                "mkdir -p /etc/systemd/logind.conf.d; printf '[Login]\\nKillUserProcesses=yes\\n'"
                    + " > /etc/systemd/logind.conf.d/kill.conf; systemctl restart systemd-logind")
            #expect(try neighbour.ssh("bob", "nohup sleep 600 > /dev/null 2>&1 < /dev/null &").status == 0)
            #expect(try eventually(within: .seconds(20)) { try server.sessions().isEmpty })

            // A lingering user's manager lives on in the host's network, and holds no session.
            #expect(try neighbour.ssh("carol", "loginctl enable-linger").status == 0)
            #expect(try eventually(within: .seconds(20)) { try server.sessions().isEmpty })
            let manager = try machine.succeed("systemctl show -P MainPID user@$(id -u carol)")
            #expect(try machine.succeed("readlink /proc/\(manager)/ns/net") == host)
            try machine.succeed("loginctl disable-linger carol")

            // machinectl's shell is a login by the stack 'login'; jobs are by theirs, once they have line and rule.
            let shell = try machine.succeed(
                "machinectl shell -q alice@.host /bin/sh -c '\(ownNamespace) > /tmp/machinectl; env >> /tmp/machinectl'"
                    + " < /dev/null > /dev/null; cat /tmp/machinectl")
            #expect(shell.contains("VIPNS_ADDRESS=") && !shell.contains(host), "\(shell)")
            let jobs = try machine.script("jobs", within: .seconds(240))
            let found = jobs.split(separator: "\n").count { $0.hasPrefix("job 10.88.0.1") }
            #expect(found == 2, "\(jobs)")
            try server.expectEmpty()
        }
    }
}
