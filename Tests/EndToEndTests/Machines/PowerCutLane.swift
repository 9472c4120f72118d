import Foundation
import Glibc
import KernelSupport
import LinuxSystem
import Testing

/// One disk with vipns on it, and the machine that has its power cut again and again.
///
/// Each boot is the judge of the cut before, and the stage of the next one.
final class PowerCutLane {
    /// How many cuts met what, by kind and remains.
    private(set) var counts: [String: Int] = [:]
    /// Cuts that met nothing of their work.
    private(set) var idle = 0
    private let system: MachineSystem
    private let number: Int
    private let disk: String
    private var dice: Dice
    private var known = PowerCutKnowledge()
    private var state = "/var/lib/vipns"
    private var last: (kind: PowerCutKind, reports: PowerCutReports, name: String)?
    private var measured: [PowerCutKind: Duration] = [:]
    private let start = ContinuousClock.now

    init(_ system: MachineSystem, number: Int) throws {
        self.system = system
        self.number = number
        dice = Dice(seed: Dose.seed &+ UInt64(number))
        disk = "\(try system.folder())-power-\(getpid())-\(number).img"
        try Self.perform("/usr/bin/cp", "--sparse=always", "\(try system.folder())/disk.img", disk)
    }

    /// Cuts the power that many times while something of the work is under way, each kind in turn.
    func run(cuts: Int) throws {
        let machine = try boot()
        try machine.script("power-setup")
        try machine.succeed(
            "cat > /opt/vipns/power_older.py << 'END_OF_OLDER'\n\(try OlderStore.prelude)\nEND_OF_OLDER\nsync")
        machine.cutPower()
        var met = 0
        while met < cuts {
            let kind = PowerCutKind.allCases[met % PowerCutKind.allCases.count]
            if try cut(kind, name: "lane \(number), cut \(met + 1), \(kind)") { met += 1 } else { idle += 1 }
            guard idle <= cuts + 10 else { throw TestFailure("\(idle) cuts met nothing, \(met) something") }
        }
        let judge = try boot()
        try judgeLast(on: judge)
        try judge.succeed("sync")
        judge.cutPower()
        // What the journal does not bring back by itself, a person would have to look at: status 4 and above.
        let check = try Command.run("/usr/sbin/e2fsck", "-f", "-p", disk)
        #expect([.exited(0), .exited(1)].contains(check.ending), "\(check.output) \(check.errors)")
        try? FileManager.default.removeItem(atPath: disk)
    }

    private func boot() throws -> Machine {
        let options = Machine.Options(role: .neighbour, disk: .kept(disk), processors: 1)
        // The emulator that was killed may hold the disk's lock a moment longer than the script that had started it.
        let machine = awaited(within: .seconds(10)) { try? Machine(system, host: 40 + number, options) }
        let booting = try machine ?? Machine(system, host: 40 + number, options)
        try booting.awaitReady()
        return booting
    }

    /// Boots, judges the cut before, starts the work, and cuts the power in the midst of it.
    ///
    /// - Returns: whether any of the work was under way.
    private func cut(_ kind: PowerCutKind, name: String) throws -> Bool {
        let machine = try boot()
        try judgeLast(on: machine)
        let seed = Int.random(in: 0...999_999, using: &dice)
        try machine.send(
            "PYTHONPATH=/opt/vipns python3 /run/guest/power-work.py \(kind) \(state) \(seed)", within: .seconds(600))
        try awaitMoment(of: kind, on: machine)
        machine.cutPower()
        let reports = PowerCutReports(console: machine.console)
        if let error = reports.error { throw TestFailure("\(name): \(error)") }
        known.add(reports)
        state = reports.state ?? state
        last = reports.underWay > 0 ? (kind, reports, name) : nil
        return reports.underWay > 0
    }

    /// Waits for a random moment of a random piece of the work.
    private func awaitMoment(of kind: PowerCutKind, on machine: Machine) throws {
        let deadline = ContinuousClock.now + .seconds(300)
        var target = Int.random(in: 1...kind.most, using: &dice)
        func reports() throws -> PowerCutReports {
            let reports = PowerCutReports(console: machine.console)
            if let error = reports.error { throw TestFailure("\(kind): \(error)") }
            guard ContinuousClock.now < deadline else { throw TestFailure("\(kind): no moment after 300 s") }
            return reports
        }
        while true {
            while try reports().begun < target { usleep(20_000) }
            // Beyond its usual end, too, so that the last of it is met as often as the first.
            let usual = measured[kind] ?? kind.usual
            let moment = ContinuousClock.now + usual * Double.random(in: 0...1.2, using: &dice)
            while ContinuousClock.now < moment { usleep(1_000) }
            let now = try reports()
            let times = now.ended.suffix(8)
            if !times.isEmpty { measured[kind] = times.reduce(.zero, +) / times.count }
            if now.underWay > 0 { return }
            target = now.begun + 1
        }
    }

    private func judgeLast(on machine: Machine) throws {
        let text = try machine.succeed("python3 /run/guest/power-judge.py \(state)", within: .seconds(180))
        let verdict = try JSONDecoder().decode(PowerCutVerdict.self, from: Data(text.utf8))
        let findings = verdict.findings(after: last?.kind, known)
        if !findings.isEmpty {
            Issue.record("\(last?.name ?? "a cut that met nothing"): \(findings), \(verdict.files), kept: \(disk)")
        }
        if let last {
            let remains = verdict.remains(of: last.kind, last.reports)
            counts["\(last.kind): \(remains)", default: 0] += 1
            let told = "\(last.reports.granted.count) handed out, \(verdict.history.count) known"
            print("power cut: \(last.name): \(remains); \(told); \(ContinuousClock.now - start)")
        }
        known.add(verdict)
        last = nil
    }

    private static func perform(_ words: String...) throws {
        let done = try Command.run(words[0], Array(words.dropFirst()))
        guard done.ending == .exited(0) else { throw TestFailure("\(words): \(done.errors)") }
    }
}
