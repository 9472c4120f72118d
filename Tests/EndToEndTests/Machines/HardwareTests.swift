import Glibc
import Testing

extension Machines {
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct HardwareTests {}
}

extension Machines.HardwareTests {
    /// The steps share a machine; suspend comes last, because the 9p shares do not survive it.
    @Test(arguments: MachineSystem.chosen)
    func `sessions survive clock steps, the loss and return of the card, and suspend`(system: MachineSystem) async {
        await onMachine {
            let server = try Server(system, host: 31, Machine.Options(processors: 1))
            let machine = server.machine
            let ids = try machine.openTwo()
            let daemons = try machine.daemons()
            try checkClockSteps(server)
            try checkLossOfCard(server)
            // 's2idle' keeps devices on; 'deep' (S3) takes their power away.
            try checkSuspend(machine, ids, "s2idle") { try machine.command("system_powerdown") }
            try checkSuspend(machine, ids, "deep") { try machine.command("system_wakeup") }
            #expect(try machine.daemons() == daemons, "a daemon was started again")
            #expect(Set(try server.sessions().filter { $0.state == "active" }.map(\.id)) == ids)
        }
    }

    /// docs/decisions/0020: holds and sessions go by a clock that nobody can set; history keeps its records and order.
    private func checkClockSteps(_ server: Server) throws {
        let machine = server.machine
        try machine.succeed("sed -i 's/hold: .*/hold: 40s/' /etc/vipns/vipns.yaml; vipns reload; vipns enter -- true")
        let held = try #require(try server.sessions().first { $0.state == "held" })
        for step in ["date -s '+1 day'", "date -s '-1 day'", "timedatectl set-time 2036-01-01"] {
            try machine.succeed(step)
            #expect(try server.sessions().contains { $0.id == held.id && $0.state == "held" }, "after \(step)")
            #expect(try server.history().contains { $0.id == held.id && $0.ended != nil }, "after \(step)")
        }
        try machine.succeed("vipns enter -- true")
        try machine.succeed("date -s '-9 years'")
        let records = try server.history()
        #expect(records.count == 4 && records[1].id == held.id, "\(records)")
        // The rest neither ends early nor starts anew.
        let isFree = try eventually(within: .seconds(60)) { try !server.sessions().contains { $0.id == held.id } }
        #expect(isFree)
        try machine.succeed("sed -i 's/hold: .*/hold: 100ms/' /etc/vipns/vipns.yaml; vipns reload")
    }

    /// docs/decisions/0018: what cannot be healed is told, and healed once it can be.
    private func checkLossOfCard(_ server: Server) throws {
        let machine = server.machine
        try machine.command("device_del", ["id": "card"])
        let isTold = try eventually(within: .seconds(30)) {
            try machine.succeed("journalctl -b -o cat --no-pager -u vipnsd")
                .split(separator: "\n").count { $0.contains("cannot restore a session's network") } == 2
        }
        #expect(isTold)
        let refused = try machine.run("vipns enter -- true")
        #expect(
            refused.status == 1 && refused.output.contains("No such device (see 'ip link' and the pool's 'parent')"))
        let card: [String: Any] = ["driver": "virtio-net-pci", "netdev": "lan", "id": "card", "mac": machine.mac]
        try machine.command("device_add", card)
        let isHealed = try eventually(within: .seconds(60)) { try machine.reachesGateway() }
        let log = try machine.succeed("journalctl -b -n 20 --no-pager -u vipnsd")
        #expect(isHealed, "\(log)")
        try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
    }

    private func checkSuspend(
        _ machine: Machine, _ ids: Set<String>, _ kind: String, wake: () throws -> Void
    ) throws {
        let complaints = try machine.complaints()
        // systemd-run: the machine answers before it sleeps.
        try machine.succeed(
            "echo \(kind) > /sys/power/mem_sleep; systemd-run -q --unit sleep-\(kind) sh -c "
                + "'sleep 2; echo mem > /sys/power/state; touch /run/woke-\(kind)'")
        // Longer than the signs of life are waited for.
        sleep(20)
        try wake()
        let isAwake = try eventually(within: .seconds(60)) {
            try machine.run("[ -e /run/woke-\(kind) ]").status == 0
        }
        #expect(isAwake, "it still sleeps: \(kind)")
        #expect(try machine.succeed("dmesg").contains("PM: suspend exit"))
        #expect(try eventually(within: .seconds(30)) { try machine.reachesGateway() }, "no traffic after \(kind)")
        try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
        // Nobody is blamed for having slept. (For 's2idle' a machine without a driver for idle processors, as this one, lets
        // its clocks go on: there it looks like a process that was stopped.)
        if kind == "deep" { #expect(try machine.complaints() == complaints) }
    }
}

extension Machine {
    /// Opens two sessions with a process each, at 10.88.0.101 and .102; gives their ids.
    fileprivate func openTwo() throws -> Set<String> {
        for _ in 1...2 { try succeed("setsid vipns enter -- sleep 7200 > /dev/null 2>&1 &") }
        let isOpen = try eventually(within: .seconds(30)) { try succeed("pgrep -cx sleep || true") == "2" }
        guard isOpen else { throw TestFailure("no sessions: \(try succeed("vipns list"))") }
        return Set(
            try succeed("vipns list | awk '$2 == \"active\" { print $1 }'").split(separator: "\n").map(String.init))
    }

    /// Whether both sessions have their link, address and route.
    fileprivate func reachesGateway() throws -> Bool {
        try run(
            "for last in 101 102; do vipns exec 10.88.0.$last -- ping -c 1 -W 5 10.88.0.1 || exit 1; done",
            within: .seconds(60)
        ).status == 0
    }

    /// What the daemons have said of each other and of themselves having been stopped.
    fileprivate func complaints() throws -> String {
        try succeed(
            "journalctl -b -o cat --no-pager -u vipnsd -u vipns-helper | grep -E 'did not run for|cannot hear' || true")
    }

    /// The processes of both daemons, and how often systemd has started them again.
    fileprivate func daemons() throws -> String {
        try succeed("systemctl show -P MainPID -P NRestarts vipns-helper vipnsd")
    }
}
