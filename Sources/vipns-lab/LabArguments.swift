import ArgumentParser
import Glibc
import Lab
import LinuxSystem

/// The options of every verb that builds a lab.
struct LabArguments: ParsableArguments {
    @Option(help: ArgumentHelp("Where the built programs are; default: beside this one.", valueName: "directory"))
    var programs: String?

    @Option(help: ArgumentHelp("The pool's addresses; may be given several times.", valueName: "first-last"))
    var range: [String] = []

    @Option(help: ArgumentHelp("Length of the LAN's network part, 8 to 24.", valueName: "length"))
    var prefixLength = 24

    @Option(help: ArgumentHelp("How long an address rests after its session.", valueName: "time"))
    var hold: String?

    @Option(help: ArgumentHelp("What happens when the pool is empty: share, isolate or deny.", valueName: "policy"))
    var exhaustion: String?

    @Option(help: ArgumentHelp("What happens to processes that are left: wait or kill.", valueName: "policy"))
    var leftovers: String?

    @Option(help: ArgumentHelp("One more line of the pool; may be given several times.", valueName: "line"))
    var poolLine: [String] = []

    @Flag(help: "Furnish the lab for logins and start sshd: users alice, bob and carol, PAM stacks with the module.")
    var logins = false

    @Option(help: ArgumentHelp("A whole configuration file in place of all that.", valueName: "file"))
    var config: String?

    func validate() throws {
        guard (8...24).contains(prefixLength) else { throw ValidationError("'--prefix-length' is 8 to 24") }
    }

    func options() throws -> LabOptions {
        var options = LabOptions()
        options.programs = programs
        options.prefixLength = prefixLength
        if !range.isEmpty { options.ranges = range }
        options.hold = hold ?? options.hold
        options.exhaustion = exhaustion ?? options.exhaustion
        options.leftovers = leftovers ?? options.leftovers
        options.poolLines = poolLine
        options.logins = logins ? .required : .none
        if let config {
            do throws(Errno) {
                options.configuration = try readTextFile(config)
            } catch {
                throw Complaint("cannot read '\(config)': \(error)")
            }
        }
        return options
    }
}

/// One sentence on standard error, and exit status 1.
func complain(_ text: String) {
    try? writeAll("vipns-lab: \(text)\n", to: 2)
}

/// What a verb cannot do.
struct Complaint: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs `work` in a fresh lab and turns what came of it into the exit status.
///
/// - Throws: always, unless all was well.
func inLab(
    _ options: LabOptions, limit: Duration? = nil, report: (LabReport) -> Int32, work: (Lab) throws -> Int32
) throws {
    var options = options
    if options.programs == nil { options.programs = nil }
    let entry: Lab.Entry
    do throws(LabError) {
        entry = try Lab.enter(options, limit: limit)
    } catch {
        complain(geteuid() == 0 ? error.description : "\(error) (try: sudo make demo)")
        throw ExitCode(1)
    }
    switch entry {
    case .ended(let outcome):
        let status = report(outcome)
        if status != 0 { throw ExitCode(status) }
    case .inside(let lab):
        do {
            lab.leave(try work(lab))
        } catch {
            complain("\(error)")
            lab.leave(1)
        }
    }
}

/// The exit status of a lab, and a word on standard error where something of it is left.
func statusNamingLeftovers(_ report: LabReport) -> Int32 {
    if report.isOverdue { complain("the time was up") }
    guard !report.leftovers.isEmpty else { return report.status }
    complain("left behind: \(report.leftovers)")
    return report.status == 0 ? 1 : report.status
}
