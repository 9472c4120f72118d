import Testing

extension Machines {
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct ParentTests {}
}

extension Machines.ParentTests {
    @Test(arguments: MachineSystem.chosen)
    func `a bond and a VLAN carry sessions`(system: MachineSystem) async {
        await onMachine {
            var neighbour: Neighbour?
            let server = try Server(system, host: 38) { neighbour = try Neighbour(system) }
            let machine = server.machine
            let other = try #require(neighbour).machine
            try other.awaitReady()
            try other.succeed(
                "card=$(basename $(find /sys/class/net -name 'e*' | head -n 1)); modprobe 8021q; ip link set $card up; "
                    + "ip link add lan7 link $card type vlan id 7; ip addr add 10.89.0.1/24 dev lan7; ip link set lan7 up"
            )
            try machine.script("bond", machine.address)

            // The card is the bond's now, and says so.
            let refused = try machine.run("vipns enter -- true")
            #expect(refused.status == 1 && refused.output.contains("bond"), "\(refused)")
            try server.configure("10.88.0.101-10.88.0.140")
            #expect(try machine.succeed("vipns pool").contains("bond0"))
            let inside = try machine.succeed(
                "vipns enter -- sh -c 'ip -d -o link show dev eth0; ping -c 1 -W 10 10.88.0.1'")
            #expect(inside.contains("macvlan"), "\(inside)")

            try machine.succeed(
                "sed -i -e 's/parent: .*/parent: lan7/' -e 's/10\\.88\\.0\\./10.89.0./g' /etc/vipns/vipns.yaml; "
                    + "vipns check && vipns reload")
            let tagged = try machine.succeed(
                "vipns enter -- sh -c 'ip -o -4 addr show dev eth0; ping -c 1 -W 10 10.89.0.1'")
            #expect(tagged.contains("inet 10.89.0.1"), "\(tagged)")
            // The card without the bond's link is no way to anybody: the bond goes down, comes back, and so do sessions.
            try machine.succeed("setsid vipns enter -- sleep 600 > /dev/null 2>&1 &")
            let session = try server.awaitSession(of: "root")
            try machine.succeed("ip link set bond0 down; sleep 2; ip link set bond0 up")
            let isBack = try eventually(within: .seconds(60)) {
                try machine.run("vipns exec \(session.id) -- ping -c 1 -W 5 10.89.0.1").status == 0
            }
            let log = try machine.succeed("journalctl -b -n 20 --no-pager -u vipnsd; ip addr")
            #expect(isBack, "\(log)")
        }
    }

    /// Each server's file has the range: nothing keeps them from giving one address twice, but it does not go unseen.
    @Test(arguments: MachineSystem.chosen)
    func `an address that two servers give is told`(system: MachineSystem) async {
        await onMachine {
            let first = try Server(system, host: 39, Machine.Options(processors: 1))
            let second = try Server(system, host: 40, Machine.Options(processors: 1))
            try first.machine.succeed("setsid vipns enter -- sleep 3600 > /dev/null 2>&1 &")
            let session = try first.awaitSession(of: "root")
            try second.machine.succeed("setsid vipns enter -- sleep 3600 > /dev/null 2>&1 &")
            let twin = try second.awaitSession(of: "root")
            #expect(session.address == twin.address && session.address != nil)
            let told = "answers for \(twin.address ?? "")"
            let isTold = try eventually(within: .seconds(20)) {
                try second.machine.succeed("journalctl -b -o cat --no-pager -p warning -u vipnsd").contains(told)
            }
            let log = try second.machine.succeed("journalctl -b --no-pager -u vipnsd")
            #expect(isTold, "\(log)")
            #expect(try second.machine.succeed("vipns pool desk").contains(told))
        }
    }
}
