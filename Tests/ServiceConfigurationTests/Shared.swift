import Addressing
import ServiceConfiguration
import Testing

/// The host that the tests pretend to run on.
let testHost = [
    link("lo", "127.0.0.1/8"), link("eth0", "192.0.2.5/24"), link("eth1", "10.1.0.2/24", "10.1.0.2/32"),
    link("eth2", "10.2.0.5/16"), link("eth3", "10.2.0.6/16"),
]

func link(_ name: String, _ addresses: String...) -> HostLink {
    HostLink(name: name, addresses: addresses.compactMap { IPPrefix($0) })
}

func parse(_ text: String, host: [HostLink] = testHost) -> ConfigurationReading {
    ServiceConfiguration.parse(text: text, file: "f", host: host)
}

/// A file with one pool: its ranges stand in line 3 from column 13, its prefix in line 4, `lines` from line 5.
func pool(ranges: String = "[10.1.0.10-10.1.0.250]", prefix: String = "10.1.0.0/24", _ lines: String...) -> String {
    let all = ["pools:", "  lab:", "    ranges: \(ranges)", "    prefix: \(prefix)"] + lines.map { "    \($0)" }
    return all.map { $0 + "\n" }.joined()
}

/// Problems as `LINE:COLUMN TEXT`, warnings with `warning: ` before the text.
func summary(_ reading: ConfigurationReading) -> [String] {
    reading.problems.map { problem in
        let severity = problem.severity == .warning ? "warning: " : ""
        return "\(problem.line):\(problem.column) \(severity)\(problem.text)"
    }
}

/// A bad text and all the problems that it has.
struct BadText: Sendable, CustomTestStringConvertible {
    let text: String
    let problems: [String]

    init(_ text: String, _ problems: String...) {
        self.text = text
        self.problems = problems
    }

    var testDescription: String { problems.first ?? "no problem" }
}
