import Addressing
import Glibc
import LinuxSystem

/// The whole of `vipns enter -- true`, from its start to its exit, beside a shell script that does the like with ip(8).
struct EnterBesideScript {
    private var enter = Samples()
    private var script = Samples()

    private static let path = "/run/vipns-bench/session.sh"

    /// Three starts of ip(8) that do the work, and one for the command: fewer cannot do it.
    ///
    /// It chooses no address, stores and announces nothing, sets no sysctl and watches nobody.
    private static let text = """
        #!/bin/sh
        # NAME ADDRESS/LENGTH MAC
        set -e
        ip -batch - <<END
        netns add $1
        link add link \(LAN.parent) name eth0 netns $1 address $3 type macvlan mode bridge
        END
        ip -n $1 -batch - <<END
        link set lo up
        link set eth0 up
        addr add $2 dev eth0
        route add default via \(LAN.gateway)
        END
        ip netns exec $1 true
        ip netns del $1

        """

    /// Runs both `count` times, in turns.
    mutating func run(count: Int, lan: LAN) throws {
        try writeFile(Self.path, Self.text, flags: O_CREAT | O_TRUNC, mode: 0o755)
        for index in 0..<count {
            let prefix = try lan.address(unused: 20_000 + index)
            let mac = MACAddress(virtualIP: prefix.address, farm: 0)
            try Self.time("/run/vipns-lab/bin/vipns", ["enter", "--user", "root", "--", "true"], &enter)
            try Self.time("/bin/sh", [Self.path, "bench\(index)", "\(prefix)", "\(mac)"], &script)
        }
    }

    private static func time(_ program: String, _ arguments: [String], _ samples: inout Samples) throws {
        let start = ContinuousClock.now
        let ending = try ChildProcess(program, arguments: arguments, error: 2).wait()
        samples.add(since: start)
        guard ending == .exited(0) else { throw BenchError("'\(program) \(arguments)' failed: \(ending)") }
        // What ended goes on for a while in the kernel; the next one is not to wait for it.
        usleep(60_000)
    }

    /// Adds the lines.
    func report(to table: inout ResultTable) {
        table.add(
            "whole `vipns enter -- true`, p50 (floor: the script)", enter.p50, .milliseconds, floor: script.p50,
            targets: .atMost(8), .belowFloor)
        table.add("whole `vipns enter -- true`, p99", enter.p99, .milliseconds, floor: script.p99)
    }
}
