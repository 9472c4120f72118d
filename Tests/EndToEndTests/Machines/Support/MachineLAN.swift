import KernelSupport
import LinuxSystem

/// The LAN that all machines of a test run are on: a bridge in the test's own namespace, 10.88.0.1, which is the gateway.
///
/// Like the namespace it goes with the test run.
enum MachineLAN {
    static let gateway = "10.88.0.1"
    private static let bridge = "lan"

    /// A card to plug in: a tap link on the bridge, and a MAC address.
    struct Card {
        let tap: String
        let mac: String
        let address: String
    }

    /// Makes the card of the machine with that last octet.
    static func card(_ host: Int) throws -> Card {
        // The machine's real network is never touched: whoever runs tests has made a namespace for them.
        guard try ip("-o", "link").split(separator: "\n").allSatisfy({ isOurs("\($0)") }) else {
            throw TestFailure("this network namespace has links of others: run tests by `make`")
        }
        if try Command.run("/usr/sbin/ip", "link", "show", bridge).ending != .exited(0) {
            // Without MAC address of its own it takes the least of its ports, and changes it with them.
            try ip("link", "add", bridge, "address", "02:88:00:00:00:01", "type", "bridge", "mcast_snooping", "0")
            try ip("addr", "add", "\(gateway)/24", "dev", bridge)
            try ip("addr", "add", "fd88::1/64", "dev", bridge, "nodad")
            try ip("link", "set", bridge, "up")
        }
        let tap = "tap\(host)"
        if try Command.run("/usr/sbin/ip", "link", "show", tap).ending != .exited(0) {
            try ip("tuntap", "add", tap, "mode", "tap")
        }
        try ip("link", "set", tap, "master", bridge, "up")
        return Card(
            tap: tap, mac: "02:88:00:00:01:\(host < 16 ? "0" : "")\(String(host, radix: 16))",
            address: "10.88.0.\(host)")
    }

    private static func isOurs(_ link: String) -> Bool {
        [" lo:", " \(bridge):", " tap"].contains { link.contains($0) }
    }

    @discardableResult
    private static func ip(_ words: String...) throws -> String {
        let done = try Command.run("/usr/sbin/ip", words)
        guard done.ending == .exited(0) else { throw TestFailure("ip \(words): \(done.errors)") }
        return done.output
    }
}
