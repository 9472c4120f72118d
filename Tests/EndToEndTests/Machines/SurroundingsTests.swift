import Testing

extension Machines {
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct SurroundingsTests {}
}

extension Machines.SurroundingsTests {
    @Test(arguments: MachineSystem.chosen)
    func `sessions go on beside other links, with hidepid, AppArmor and many at once`(system: MachineSystem) async {
        await onMachine {
            let server = try Server(system, host: 32, Machine.Options(processors: 1))
            try checkOtherLinks(server.machine)
            try checkHiddenProcesses(server)
            try checkConfinement(server.machine)
            try checkPairs(server)
            try checkFirewall(server)
            try checkManyAtOnce(server)
            let log = try server.machine.succeed("dmesg | grep -i 'denied' || true")
            #expect(!log.contains("vipns"), "\(log)")
        }
    }

    private func checkOtherLinks(_ machine: Machine) throws {
        let card = try machine.succeed("ip -o -4 route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p'")
        try machine.succeed(
            """
            set -e
            ip netns add box
            ip link add tap0 link \(card) type macvtap mode bridge
            ip link set tap0 up
            ip link add box0 link \(card) type macvlan mode bridge
            ip link set box0 netns box
            """)
        let before = try machine.succeed("ip -d link show tap0; ip -n box -d link show box0")
        try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
        #expect(try machine.succeed("ip -d link show tap0; ip -n box -d link show box0") == before)
        try machine.succeed("ip link del tap0; ip -n box link del box0; ip netns del box")
        // ipvlan has the card for itself.
        let added = try eventually(within: .seconds(10)) {
            try machine.run("ip link add ipvlan0 link \(card) type ipvlan mode l2").status == 0
        }
        #expect(added)
        let refused = try machine.run("vipns enter -- true")
        #expect(refused.status == 1 && refused.output.contains("ipvlan"), "\(refused)")
        try machine.succeed("ip link del ipvlan0; vipns enter -- true")
    }

    /// The unit gives the service a /proc of its own, which the mount option of the host's does not change.
    private func checkHiddenProcesses(_ server: Server) throws {
        let machine = server.machine
        // setpriv and not su: that would be a session of alice as well.
        try machine.succeed(
            "mount -o remount,hidepid=2 /proc; setpriv --reuid alice --regid alice --clear-groups sh -c '! [ -e /proc/1 ]'"
        )
        try machine.succeed("systemd-run -q --unit stay su - alice -c 'exec sleep 999'")
        let session = try server.awaitSession(of: "alice")
        #expect(session.address != nil)
        try machine.succeed("kill -9 $(pidof vipnsd)")
        let isAdopted = try eventually(within: .seconds(30)) {
            try machine.succeed("journalctl -b -o cat --no-pager -u vipnsd").contains("adopted ")
        }
        #expect(isAdopted)
        #expect(try server.sessions().contains { $0.id == session.id && $0.state == "active" })
        try machine.succeed("pkill -u alice -x sleep")
        // Its end is noticed.
        #expect(try eventually(within: .seconds(30)) { try server.sessions().isEmpty })
        try machine.succeed("mount -o remount,hidepid=0 /proc")
    }

    private func checkConfinement(_ machine: Machine) throws {
        #expect(try machine.succeed("cat /sys/module/apparmor/parameters/enabled") == "Y")
        try machine.succeed(
            """
            printf '%s\\n' 'profile trial {' '/** rmix,' 'capability net_raw,' 'network,' '}' | apparmor_parser -r
            """)
        let output = try machine.succeed(
            "vipns enter -- aa-exec -p trial -- sh -c 'cat /proc/self/attr/current; ping -c 1 -W 10 10.88.0.1'")
        #expect(output.contains("trial (enforce)"), "\(output)")
    }

    /// Exactly the addresses of the lease: the link takes no other when it comes into the session.
    private func checkPairs(_ server: Server) throws {
        let seen = try server.machine.script("pairs").split(separator: "\n")
        let addresses = seen.filter { $0.contains(" inet") }
        #expect(seen.contains("0") && addresses.contains { $0.contains("inet 10.88.0.") }, "\(seen)")
        let global = addresses.filter { $0.contains("inet6 fd88::") }
        let linkLocal = addresses.filter { $0.contains("inet6 fe80::") }
        #expect(global.count == 1 && linkLocal.count == 1 && addresses.count == 3, "\(seen)")
    }

    /// Kernels before 6.15 wait for each link's move; nobody is left without one.
    private func checkManyAtOnce(_ server: Server) throws {
        let machine = server.machine
        try machine.succeed(
            "for i in $(seq 30); do setsid vipns enter -- sleep 600 > /tmp/open.$i 2>&1 & done", within: .seconds(60))
        let isOpen = try eventually(within: .seconds(120)) {
            try server.sessions().count { $0.state == "active" } == 30
        }
        let log = try machine.succeed("cat /tmp/open.*; vipns list; journalctl -n 20 -u vipnsd --no-pager")
        #expect(isOpen, "\(log)")
        let sessions = try server.sessions()
        #expect(Set(sessions.compactMap(\.address)).count == 30)
        // Whoever was last has link and neighbour.
        let address = try #require(sessions.last?.address)
        try machine.succeed("vipns exec \(address) -- ping -c 1 -W 10 10.88.0.1")
        try machine.succeed("vipns close --all --kill > /dev/null", within: .seconds(120))
        #expect(try eventually(within: .seconds(120)) { try server.sessions().isEmpty })
    }

    /// With nft, which each open waits for; one at a time, for here it takes a second.
    private func checkFirewall(_ server: Server) throws {
        let machine = server.machine
        try machine.succeed(
            "echo 'table inet session { chain input { type filter hook input priority 0; policy drop; "
                + "iifname \"lo\" accept; ct state established accept; }; }' > /etc/vipns/desk.nft; nft list ruleset")
        try server.configure("10.88.0.101-10.88.0.140", ["firewall: /etc/vipns/desk.nft", "dns: [10.88.0.1]"])
        let inside = try machine.succeed(
            "vipns enter -- sh -c 'nft list ruleset; ip -br -4 addr show eth0; ping -c 1 -W 10 10.88.0.1'")
        #expect(inside.contains("table inet session"), "\(inside)")
        try server.configure("10.88.0.101-10.88.0.140")
    }

    @Test(arguments: MachineSystem.chosen)
    func `without IPv6 in the kernel, IPv4 works and IPv6 is refused`(system: MachineSystem) async {
        await onMachine {
            let server = try Server(system, host: 33, Machine.Options(words: ["ipv6.disable=1"], processors: 1))
            let machine = server.machine
            try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
            try machine.succeed(
                "sed -i -e 's/ranges: .*/ranges: [fd88::101-fd88::128]/' -e 's/prefix: .*/prefix: fd88::\\/64/' "
                    + "-e 's/gateway: .*/gateway: fd88::1/' /etc/vipns/vipns.yaml")
            let refused = try machine.run("vipns check; vipns reload")
            let sentence = "is IPv6, which this host has not (is 'ipv6.disable=1' on the kernel's command line?)"
            #expect(refused.status != 0 && refused.output.contains(sentence), "\(refused)")
            // Nothing was changed.
            try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
            #expect(try eventually(within: .seconds(30)) { try server.sessions().isEmpty })
        }
    }
}
