import LinuxSystem
import Synchronization
import Testing

extension Machines {
    /// The power goes while the store is written: 200 times on real disks with ext4.
    @Suite(.enabled(if: MachineSystem.isFull, "run by make test-machines")) struct PowerCutTests {}
}

extension Machines.PowerCutTests {
    /// VIPNS_POWER_CUTS; those that met nothing of the work are not counted.
    private static let cuts = Environment["VIPNS_POWER_CUTS"].flatMap { Int($0) } ?? 200

    private static func run(_ number: Int, of systems: [MachineSystem], _ total: Total) async {
        await onMachine {
            let lane = try PowerCutLane(systems[number % systems.count], number: number)
            defer { total.add(lane.counts, idle: lane.idle) }
            try lane.run(cuts: cuts / 2 + number * (cuts % 2))
        }
    }

    @Test func `a power cut loses no address that was handed out, and has none granted twice`() async throws {
        let systems = MachineSystem.chosen
        // The bridge is made before two may want to make it.
        for lane in 0..<2 { _ = try MachineLAN.card(40 + lane) }
        let total = Total()
        let start = ContinuousClock.now
        // Two machines of one processor each.
        async let first: Void = Self.run(0, of: systems, total)
        async let second: Void = Self.run(1, of: systems, total)
        await first
        await second
        let (met, idle) = (total.met, total.idle)
        let lines = met.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        print("power cuts: \(met.values.reduce(0, +)) met something, \(idle) nothing, \(ContinuousClock.now - start)")
        print(lines.joined(separator: "\n"))
        for kind in PowerCutKind.allCases {
            let count = met.filter { $0.key.hasPrefix("\(kind):") }.values.reduce(0, +)
            #expect(count >= Self.cuts / 2 / PowerCutKind.allCases.count * 2, "\(kind): \(lines)")
        }
    }
}

/// What all lanes have counted.
private final class Total: Sendable {
    private let counts = Mutex<[String: Int]>([:])
    private let idleCount = Mutex(0)

    var met: [String: Int] { counts.withLock { $0 } }
    var idle: Int { idleCount.withLock { $0 } }

    func add(_ met: [String: Int], idle: Int) {
        counts.withLock { $0.merge(met) { $0 + $1 } }
        idleCount.withLock { $0 += idle }
    }
}
