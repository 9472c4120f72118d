import ArgumentParser
import Glibc
import Lab

/// `vipns-lab demo`: what vipns is for, told by the commands themselves.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Shows sessions with an address and a loopback each, by hand and by ssh, and that nothing stays behind.")

    @Option(help: ArgumentHelp("Where the built programs are; default: beside this one.", valueName: "directory"))
    var programs: String?

    func run() throws {
        var options = LabOptions()
        options.programs = programs
        options.hold = "1s"
        options.logins = .wherePossible
        try inLab(options, limit: .seconds(120), report: Self.report) { lab in
            let page = DemoPage()
            page.say("building a lab: a host, a switch and a neighbour, in namespaces of their own …")
            try lab.startDaemons()
            let story = DemoStory(lab: lab, page: page)
            try story.tell()
            return 0
        }
    }

    /// The last line of every demo, also of one that was interrupted: what is left on the machine.
    private static func report(_ report: LabReport) -> Int32 {
        if report.signal != nil { print() }
        if report.isOverdue { complain("the demo took more than 120 s and was ended") }
        guard report.leftovers.isEmpty else {
            print("census of the machine after the lab: left behind: \(report.leftovers)")
            return report.status == 0 ? 1 : report.status
        }
        print("census of the machine after the lab: \(report.leftovers)")
        return report.status
    }
}

/// How the demo is set on a terminal, or as plain text elsewhere.
struct DemoPage {
    private let isTerminal = isatty(1) == 1

    func heading(_ text: String) { put("\n\(styled("1", text))") }
    func say(_ text: String) { put(text) }
    func command(_ words: String) { put("  \(styled("36", "$ \(words)"))") }
    func output(_ text: String) {
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { put("    \(line)") }
    }

    private func styled(_ code: String, _ text: String) -> String {
        isTerminal ? "\u{1b}[\(code)m\(text)\u{1b}[0m" : text
    }

    private func put(_ line: String) {
        print(line)
        // Whatever ends the lab, what was told stays told.
        _ = fflush(nil)
    }
}
