import Testing

extension Machines {
    /// What else configures the host's links, and older kernels show it a session's.
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct NetworkProgramTests {}
}

extension Machines.NetworkProgramTests {
    @Test(arguments: MachineSystem.chosen)
    func `udev, networkd and NetworkManager leave a session's link alone, for they are told to`(
        system: MachineSystem
    ) async {
        await onMachine {
            let server = try Server(system, host: 34, Machine.Options(processors: 1))
            let machine = server.machine
            try machine.script("network-programs")
            // A link that stays, for them to do what they would.
            let told = try machine.script("foreign-link", "vipns-abcdefgh")
            #expect(told.contains("networkd unmanaged\n"), "\(told)")
            #expect(told.contains("manager unmanaged\n"), "\(told)")
            #expect(told.contains("units 0\n"), "\(told)")
            #expect(told.contains("file 10-vipns.link\n"), "\(told)")
            #expect(told.contains("addresses 1"), "\(told)")

            // Sessions beside them: their links are whole, and nobody says a word of them but that they were there.
            try machine.succeed("journalctl --rotate; journalctl --vacuum-time=1s")
            for _ in 1...10 {
                let link = try machine.succeed(
                    "vipns enter -- sh -c 'ip -o link show dev eth0; ip -o addr show dev eth0'")
                #expect(link.contains("eth0@") && link.contains("02:00:0a:58:00:") && link.contains("UP"), "\(link)")
                #expect(link.split(separator: "\n").count { $0.contains("inet ") } == 1, "\(link)")
            }
            let words = try machine.succeed(
                "journalctl -b -o cat --no-pager -u systemd-networkd -u systemd-udevd -u NetworkManager "
                    + "| grep -i vipns- | grep -v 'new Macvlan device' || true")
            #expect(words.isEmpty, "\(words)")

            // Without the files all of them take it: so it is the files that keep them from it.
            try machine.succeed(
                "rm /usr/lib/udev/rules.d/60-vipns.rules /usr/lib/systemd/network/10-vipns.* "
                    + "/usr/lib/NetworkManager/conf.d/10-vipns.conf; udevadm control --reload; networkctl reload; "
                    + "systemctl restart NetworkManager")
            let untold = try machine.script("foreign-link", "vipns-abcdefgh")
            #expect(untold.contains("networkd configuring\n"), "\(untold)")
            #expect(untold.contains("manager connected (externally)\n"), "\(untold)")
            #expect(untold.contains("units 2\n"), "\(untold)")
            #expect(untold.contains("file 99-default.link\n"), "\(untold)")
            // And even then a session is whole: it is away before they have come to it.
            try machine.succeed("vipns enter -- ping -c 1 -W 10 10.88.0.1")
        }
    }
}
