import Addressing
import HelperChannel

/// Which addresses sessions may get on which parent links, and which firewalls root may load: all that the helper knows of
/// the configuration.
///
/// Lines `PARENT FIRST-LAST` and `/PATH`, which no link's name can begin with, written by a short-lived `vipnsd --allowance FILE` that runs as nobody: what parses
/// the file has no privilege, and what has privilege parses only these lines.
struct Allowance: Equatable {
    /// Of the text that it was read from.
    let checksum: UInt64
    private var ranges: [String: [IPRange]] = [:]
    private var firewalls: Set<String> = []

    /// Reads the lines; nil where one is malformed.
    init?(lines: String) {
        checksum = HelperProtocol.checksum(of: lines.utf8)
        for line in lines.split(separator: "\n") {
            if line.first == "/" {
                guard NamespacePreparation.isFirewallPath(String(line)) else { return nil }
                firewalls.insert(String(line))
                continue
            }
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, !words[0].isEmpty, let range = IPRange(String(words[1])) else { return nil }
            ranges[String(words[0]), default: []].append(range)
        }
    }

    func permits(_ address: IPAddress, on parent: String) -> Bool {
        ranges[parent]?.contains { $0.contains(address) } ?? false
    }

    func permits(firewall path: String) -> Bool { firewalls.contains(path) }

    var description: String {
        guard !ranges.isEmpty else { return "nothing" }
        let files = firewalls.isEmpty ? "" : ", load \(firewalls.count) firewalls"
        return "\(ranges.values.joined().count) ranges on \(ranges.count) links\(files)"
    }
}

/// The allowance in force, and former ones that the service may still be granting from.
///
/// Between the reading of a new one here and the moment in which the service grants from nothing else, both count: no
/// session that is being opened just then may be refused.
struct Allowances {
    private(set) var current: Allowance
    private var former: [Allowance] = []

    init(_ allowance: Allowance) { current = allowance }

    func permit(_ isAllowed: (Allowance) -> Bool) -> Bool { isAllowed(current) || former.contains(where: isAllowed) }

    mutating func succeed(by allowance: Allowance) {
        former.removeAll { $0 == allowance }
        if current != allowance { former.append(current) }
        current = allowance
    }

    mutating func settle() { former = [] }
}

/// What ends the helper, or one request to reload, in words.
struct HelperError: Error, CustomStringConvertible {
    let description: String
    init(_ operation: String) { description = "cannot \(operation)" }
}
