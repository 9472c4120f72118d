internal import Addressing
internal import LinuxSystem

/// The rules that lead questions for the host's name servers to those of the pool; docs/decisions/0016.
///
/// They are translations of addresses inside the session's namespace (nftables, `dnat`), so that every program in it is
/// served, whoever started it, and /etc/resolv.conf stays one file for all.
struct NameServerRules {
    /// As nft reads it; made of addresses alone, whose text is ours.
    private let script: String

    /// None where nothing is to be redirected: nobody is asked, or by no family that an answering one is of.
    init?(_ redirection: NameServerRedirection?) {
        guard let redirection else { return nil }
        script = Self.table(.ipv4, redirection) + Self.table(.ipv6, redirection)
        guard !script.isEmpty else { return nil }
    }

    /// From the thread inside, after the pool's own firewall, which may empty all tables.
    func load(_ sysctls: SessionSysctls) throws(NetworkError) {
        let operation = "redirect questions for name servers"
        let input: OwnedDescriptor
        do throws(Errno) {
            try sysctls.allowLoopbackRoutes()
            // The script fits into the socket's buffer: nobody waits for nft to read.
            let ends = try UnixSocket.pair(.stream)
            guard try UnixSocket.send(script.utf8, on: ends.second) == script.utf8.count else {
                throw Errno.noBufferSpace
            }
            input = ends.keepingFirst()
        } catch {
            throw NetworkError(operation, error)
        }
        try NftProgram.load(input, operation)
    }

    /// The table of one family; empty where nothing of it is to be redirected.
    private static func table(_ family: IPAddress.Family, _ redirection: NameServerRedirection) -> String {
        // What ::1 is asked cannot be led out: the kernel refuses the answers that come in for it.
        let asked = Set(redirection.asked).filter { $0.family == family && $0.description != "::1" }.sorted()
        let answering = redirection.answering.filter { $0.family == family }
        guard !asked.isEmpty, !answering.isEmpty else { return "" }
        let word = family == .ipv4 ? "ip" : "ip6"
        let from = "{ \(asked.map(\.description).joined(separator: ", ")) }"
        // Each asker of the C library is a new socket, so who gets no answer asks the next one.
        let targets = answering.enumerated().map { "\($0) : \($1)" }.joined(separator: ", ")
        let target =
            answering.count == 1 ? "\(answering[0])" : "numgen inc mod \(answering.count) map { \(targets) }"
        var lines = [
            "table \(word) vipns_dns {", "chain asked {", "type nat hook output priority -100",
            "\(word) daddr \(from) udp dport 53 dnat to \(target)",
            "\(word) daddr \(from) tcp dport 53 dnat to \(target)", "}",
        ]
        if family == .ipv4 { lines += loopbackChains }
        return (lines + ["}"]).joined(separator: "\n") + "\n"
    }

    /// Questions for 127.0.0.0/8 leave with such a source, which must become the session's own.
    ///
    /// That asks for `route_localnet`, which would let neighbours send to the session's loopback: what comes in for it is
    /// dropped before answers are translated back, and nothing else from it goes out.
    private static let loopbackChains = [
        "chain entering {", "type filter hook prerouting priority -300",
        "iifname != \"lo\" ip daddr 127.0.0.0/8 drop", "}",
        "chain translated {", "type nat hook postrouting priority 100",
        "oifname != \"lo\" ip saddr 127.0.0.0/8 ct status dnat masquerade", "}",
        "chain leaving {", "type filter hook postrouting priority 200",
        "oifname != \"lo\" ip saddr 127.0.0.0/8 drop", "}",
    ]
}
