import Testing

extension Machines {
    /// Tests of the debug build and the demo, on Debian's own kernel.
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct KernelMachineTests {}
}

extension Machines.KernelMachineTests {
    @Test(arguments: MachineSystem.chosen)
    func `what touches the kernel does so on Debian's own`(system: MachineSystem) async {
        await onMachine {
            let machine = try Machine(system, host: 35)
            try machine.awaitReady()
            try run("KernelTests|LinuxSystemTests|NetlinkTests|NeighborsTests", on: machine)
        }
    }

    /// Each request of the helper, and each door: by hand, from a program, by PAM.
    @Test(arguments: MachineSystem.chosen)
    func `sessions open, live and end as everywhere`(system: MachineSystem) async {
        await onMachine {
            let machine = try Machine(system, host: 36)
            try machine.awaitReady()
            // What a first start reads from the disk is not waited for by the daemons' limits.
            try machine.succeed("nft list ruleset; python3 -c 'import json, socket'")
            let suites = [
                "EnterTests", "TeardownTests", "FamilyTests", "NameServerTests", "PoolSettingTests", "ReloadTests",
                "AdoptionTests", "CollectorTests", "HealTests", "HolderTests", "ClaimTests", "LoginSSHTests",
                "LoginScopeTests",
            ]
            try run("EndToEndTests.*/(\(suites.joined(separator: "|")))/", on: machine)
        }
    }

    @Test(arguments: MachineSystem.chosen)
    func `the demo shows what it shows elsewhere`(system: MachineSystem) async {
        await onMachine {
            let machine = try Machine(system, host: 37)
            try machine.awaitReady()
            let shown = try machine.succeed("/run/project/.build/release/vipns-lab demo 2>&1", within: .seconds(300))
            let census = "0 processes, 0 network namespaces, 0 mounts, 0 pins and names, 0 links"
            #expect(shown.split(separator: "\n").last?.hasSuffix(census) == true, "\(shown)")
        }
    }

    /// Runs the tests of the debug build of that pattern; all must pass, and there must be some.
    private func run(_ pattern: String, on machine: Machine) throws {
        let words = "'\(Project.root)' '\(pattern)'"
        let outcome = try machine.run(
            "bash -euo pipefail /run/guest/bundle.sh \(words)", within: .seconds(3000))
        #expect(outcome.status == 0, "\(outcome.output.suffix(20_000))")
        let summary = outcome.output.split(separator: "\n").last ?? ""
        #expect(summary.contains("passed after") && !summary.contains("with 0 tests"), "\(summary)")
        print("\(pattern): \(summary)")
    }
}
