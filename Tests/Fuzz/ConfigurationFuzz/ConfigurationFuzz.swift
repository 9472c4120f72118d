import Addressing
import Foundation
import FuzzStart
import ServiceConfiguration

private let host = [
    HostLink(name: "lo", addresses: [IPPrefix("127.0.0.1/8")].compactMap(\.self)),
    HostLink(
        name: "lan0", addresses: [IPPrefix("10.77.0.2/24"), IPPrefix("fd76:6970:6e73::2/64")].compactMap(\.self),
        mtuBytes: 1500),
]

/// Reads a file's text as `check`, start and reload do.
///
/// Whatever it is, there is a configuration or an error that says where; and the same text means the same.
@c(LLVMFuzzerTestOneInput)
public func fuzzConfiguration(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let octets = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let text = String(validating: octets, as: UTF8.self) else { return 0 }
    let reading = ServiceConfiguration.parse(text: text, file: "f", host: host, hasIPv6: true)
    let hasErrors = reading.problems.contains { $0.severity == .error }
    precondition((reading.configuration == nil) == hasErrors, "neither a configuration nor an error, or both")
    let lines = octets.count { $0 == 10 || $0 == 13 } + 1
    for problem in reading.problems {
        precondition(!problem.text.isEmpty && problem.line >= 1 && problem.column >= 1, "a problem without a place")
        precondition(problem.line <= lines + 1, "a problem after the file's end")
    }
    let again = ServiceConfiguration.parse(text: text, file: "f", host: host, hasIPv6: true)
    precondition(
        again.configuration?.pools == reading.configuration?.pools && again.problems == reading.problems,
        "a text means two things")
    return 0
}

@main enum ConfigurationFuzz {
    static func main() { unsafe fuzz(seeds: seeds) { unsafe fuzzConfiguration($0, $1) } }

    /// The example, which names every key, and the smallest file.
    private static var seeds: [[UInt8]] {
        let small = "pools:\n  lab:\n    ranges: [10.77.0.100-10.77.0.199]\n    prefix: 10.77.0.0/24\n"
        let pair = """
            pools:
              lab:
                ranges: [10.77.0.100-10.77.0.199, 'fd76:6970:6e73::100-fd76:6970:6e73::163']
                prefix: [10.77.0.0/24, 'fd76:6970:6e73::/64']
                gateway: [10.77.0.1]
                dns: [10.77.0.1]
                routes: [{to: 10.2.0.0/16, via: 10.77.0.3}]
            login:
            - {service: sshd, user: 'a*', remote: 192.0.2.0/24, pool: lab, scope: user}

            """
        let example = (try? Data(contentsOf: URL(fileURLWithPath: "hooks/vipns.yaml"))).map { Array($0) }
        return [Array(small.utf8), Array(pair.utf8), example].compactMap(\.self)
    }
}
