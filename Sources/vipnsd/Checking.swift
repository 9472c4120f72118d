import Addressing
import Glibc
import Leasing
import LinuxSystem
import ServiceConfiguration

/// The two ways to call vipnsd that read a configuration and end.
enum Checking {
    /// Prints every problem of the file, and what it amounts to.
    ///
    /// - Returns: 0 where no problem is an error, else 1.
    static func check(_ file: String) -> Int32 {
        guard let configuration = read(file, hostFirewall: .ofThisHost()) else { return 1 }
        for pool in configuration.pools {
            let noun = pool.networks.count > 1 ? "pairs of addresses" : "addresses"
            print("pool '\(pool.name)': \(pool.total) \(noun) on link '\(pool.parent)'")
        }
        for (index, rule) in configuration.loginRules.rules.enumerated() { print("rule \(index + 1): \(rule)") }
        return 0
    }

    /// Prints the lines `PARENT FIRST-LAST` and `/PATH` that the helper reads.
    ///
    /// - Returns: 0 where all of them were written: a part of them, or none, is an allowance as well.
    static func printAllowance(_ file: String) -> Int32 {
        // Who may list sessions is not the helper's affair.
        let reading = reading(file, hasGroup: nil)
        guard let configuration = reading.configuration else {
            for problem in reading.problems { complain(line(problem)) }
            return 1
        }
        do throws(Errno) {
            try writeAll(configuration.allowanceText, to: 1)
            return 0
        } catch {
            complain("cannot write the allowance of '\(file)': \(error)")
            return 1
        }
    }

    /// Reads the file and prints its problems; nil where one of them is an error.
    static func read(_ file: String, hostFirewall: HostFirewall? = nil) -> ServiceConfiguration? {
        let reading = reading(file, hostFirewall: hostFirewall)
        for problem in reading.problems { complain(line(problem)) }
        return reading.configuration
    }

    /// Reads the file.
    static func reading(
        _ file: String, hostFirewall: HostFirewall? = nil,
        hasGroup: ((String) -> Bool)? = { groupNumber(named: $0) != nil }
    ) -> ConfigurationReading {
        ServiceConfiguration.read(
            path: file, host: hostLinks(), hostFirewall: hostFirewall, hasIPv6: isFile("/proc/sys/net/ipv6"),
            hasGroup: hasGroup)
    }

    /// A host that was booted with `ipv6.disable=1` has no such directory.
    private static func isFile(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    private static func line(_ problem: ConfigurationProblem) -> String {
        problem.severity == .warning ? "warning: \(problem)" : "\(problem)"
    }

    /// The host's links and their addresses, so that a pool's parent can be found by its subnet.
    private static func hostLinks() -> [HostLink] {
        Dictionary(grouping: interfaceAddresses(), by: \.link).map { name, entries in
            HostLink(name: name, addresses: entries.compactMap(\.address), mtuBytes: try? linkMTU(name))
        }.sorted { $0.name < $1.name }
    }
}

/// One line on standard error under the program's name; for the journal a warning or an error.
func complain(_ text: String) {
    let priority = isStandardErrorJournal() ? (text.hasPrefix("warning: ") ? "<4>" : "<3>") : ""
    try? writeAll("\(priority)vipnsd: \(text)\n", to: 2)
}
