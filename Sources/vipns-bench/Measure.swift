import ArgumentParser
import Glibc

/// Measures against the daemons of the lab that it is run in.
struct Measure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measures; only inside of the benchmark's lab.", shouldDisplay: false)

    @OptionGroup var scope: Scope

    @Option(help: "The directory on the disk that the service stores in.")
    var state = "/run/vipns-lab/state"

    func run() throws {
        let scale = scope.quick ? Scale.quick : Scale.full
        var table = ResultTable()
        let lan = try LAN()
        try LAN.quietNeighbour()
        let floor = try FloorNetwork(lan: lan, stateDirectory: state)
        let machine = Machine.describe()
        if scope.includes("open") { try openAndClose("0", scale, floor, &table) }
        if scope.includes("rate") {
            var rates = OpensPerSecond()
            try rates.run(rounds: scale.rounds, size: scale.size * 2, floor: floor)
            rates.report(to: &table)
        }
        if scope.includes("enter") {
            var enter = EnterBesideScript()
            try enter.run(count: scale.enters, lan: lan)
            enter.report(to: &table)
        }
        if scope.includes("close") {
            var closed = ClosedAtOnce(count: 200)
            try closed.run(rounds: scale.closings, floor: floor)
            closed.report(to: &table)
        }
        if scope.includes("held") {
            try Memory().report(held: "0", target: nil, to: &table)
            let held = try HeldSessions(opening: 1000)
            settle()
            try openAndClose("1,000", scale, floor, &table)
            try Memory().report(held: "1,000", target: 96, to: &table)
            try held.closeAll()
        }
        if scope.includes("logins") {
            var logins = Logins()
            try logins.runAlone(count: scale.logins)
            try logins.runCrowd(rounds: scale.closings)
            logins.report(to: &table)
            try LoginCensus.run(count: scale.loginsCounted, to: &table)
        }
        if floor.parts.make.p50 > 0 { reportParts(of: floor, to: &table) }
        print("\(machine) before, \(Machine.load()) after\n\n\(table.text)", terminator: "")
    }

    private func reportParts(of floor: FloorNetwork, to table: inout ResultTable) {
        table.add("of the floor: namespace, sysctls, number, pin, p50", floor.parts.make.p50, .milliseconds)
        table.add("of the floor: the durable write, p50", floor.parts.write.p50, .milliseconds)
        table.add("of the floor: the batch and the announcement, p50", floor.parts.connect.p50, .milliseconds)
    }

    private func openAndClose(
        _ held: String, _ scale: Scale, _ floor: FloorNetwork, _ table: inout ResultTable
    ) throws {
        var measurement = OpenAndClose()
        try measurement.run(rounds: scale.rounds, size: scale.size, floor: floor)
        measurement.report(held: held, to: &table)
    }
}

/// How much is measured.
struct Scale {
    let rounds: Int
    let size: Int
    let enters: Int
    let closings: Int
    let logins: Int
    let loginsCounted: Int

    static let full = Scale(rounds: 10, size: 50, enters: 100, closings: 5, logins: 50, loginsCounted: 1000)
    static let quick = Scale(rounds: 3, size: 20, enters: 15, closings: 1, logins: 5, loginsCounted: 40)
}

/// Which part of it.
struct Scope: ParsableArguments {
    @Flag(help: "A short run: seconds, and rough.")
    var quick = false

    @Option(
        help: ArgumentHelp(
            "Only open, rate, enter, close, held or logins; may be given several times.", valueName: "part"))
    var only: [String] = []

    static let parts = ["open", "rate", "enter", "close", "held", "logins"]

    func validate() throws {
        for part in only where !Self.parts.contains(part) {
            throw ValidationError("there is no part '\(part)' (\(Self.parts.joined(separator: ", ")))")
        }
    }

    func includes(_ part: String) -> Bool { only.isEmpty || only.contains(part) }
}
