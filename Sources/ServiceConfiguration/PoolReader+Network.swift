internal import Addressing

extension PoolReader {
    /// The pool's network without host bits; nil where it is missing or wrong.
    mutating func readNetwork(ranges: [RangeItem]) -> IPPrefix? {
        guard section.position(of: .prefix) != nil else {
            reportMissing(.prefix)
            return nil
        }
        guard let located = section.text(of: .prefix, problems: &problems) else { return nil }
        let name = "prefix \(quoted(located.text))"
        guard let prefix = parsePrefix(located, ranges: ranges) else { return nil }
        guard prefix.address.family == .ipv4 else {
            problems.error(located.position, "\(name) is IPv6, and pools hold IPv4 addresses only so far")
            return nil
        }
        guard (8...30).contains(prefix.length) else {
            problems.error(located.position, "\(name) has the length \(prefix.length) (8 to 30 make sense)")
            return nil
        }
        let network = IPPrefix(prefix.first, length: prefix.length)
        if located.text.contains("/"), let network, network != prefix {
            problems.error(located.position, "\(name) has host bits set (the network is '\(network)')")
        }
        return network
    }

    /// `ADDRESS/LENGTH`, or a length alone, which then counts from the first range.
    private mutating func parsePrefix(_ located: Located, ranges: [RangeItem]) -> IPPrefix? {
        if let prefix = IPPrefix(located.text) { return prefix }
        let parts = located.text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let name = "prefix \(quoted(located.text))"
        guard parts.count <= 2, let lengthText = parts.last, let length = Int(lengthText),
            String(length) == lengthText, parts.count == 1 || IPAddress(parts[0]) != nil
        else {
            problems.error(
                located.position, "\(name) is neither ADDRESS/LENGTH nor a length (for example '10.1.0.0/24')")
            return nil
        }
        guard parts.count == 1, (8...30).contains(length) else {
            problems.error(located.position, "\(name) has the length \(length) (8 to 30 make sense)")
            return nil
        }
        // Without a range there is nothing to count from; that there is none is a problem by itself.
        guard let first = ranges.first?.range.first else { return nil }
        return IPPrefix(first, length: length)
    }

    /// The gateway; nil where none is given or it is wrong.
    mutating func readGateway(network: IPPrefix?) -> IPAddress? {
        guard let located = section.text(of: .gateway, problems: &problems) else { return nil }
        guard let gateway = IPAddress(located.text) else {
            problems.error(
                located.position, "gateway \(quoted(located.text)) is not an address (for example '10.1.0.1')")
            return nil
        }
        guard gateway.family == .ipv4 else {
            problems.error(located.position, "gateway '\(gateway)' is IPv6, and pools hold IPv4 addresses only so far")
            return nil
        }
        guard let network else { return gateway }
        if !network.contains(gateway) {
            problems.error(located.position, "gateway '\(gateway)' is not inside prefix '\(network)'")
        } else if gateway == network.first {
            problems.error(located.position, "gateway '\(gateway)' is the network address of '\(network)'")
        } else if gateway == network.last {
            problems.error(located.position, "gateway '\(gateway)' is the broadcast address of '\(network)'")
        } else if let link = host.first(where: { $0.owns(gateway) }) {
            // The kernel does not carry frames between a macvlan and its own parent link.
            problems.warning(
                located.position,
                "gateway '\(gateway)' is this host's own address on '\(link.name)', which sessions cannot reach")
        }
        return gateway
    }

    /// The name of the parent link; nil where it is wrong, or none can be told from the network.
    mutating func readParent(network: IPPrefix?) -> String? {
        guard section.position(of: .parent) != nil else { return network.flatMap { parentOfHost(network: $0) } }
        guard let located = section.text(of: .parent, problems: &problems) else { return nil }
        let name = located.text
        guard Self.isLinkName(name) else {
            problems.error(
                located.position,
                "parent \(quoted(name)) is not a link's name (1 to 15 characters without '/', ':' and blanks)")
            return nil
        }
        guard name != "lo" else {
            problems.error(located.position, "parent 'lo' is the loopback, which cannot carry sessions")
            return nil
        }
        if !host.isEmpty, !host.contains(where: { $0.name == name }) {
            problems.warning(located.position, "parent link '\(name)' does not exist now\(hostLinksHint)")
        }
        return name
    }

    private mutating func parentOfHost(network: IPPrefix) -> String? {
        let candidates = host.filter { link in
            link.name != "lo" && link.addresses.contains { network.contains($0.address) }
        }.map(\.name)
        if candidates.count == 1 { return candidates.first }
        if candidates.isEmpty {
            problems.error(
                position,
                "pool '\(name)' has no 'parent', and no link of this host has an address in '\(network)'\(hostLinksHint)"
            )
            return nil
        }
        let names = candidates.map { "'\($0)'" }.joined(separator: " and ")
        problems.error(
            position,
            "pool '\(name)' has no 'parent', and the links \(names) have an address in '\(network)' "
                + "(say which, for example 'parent: \(candidates[0])')")
        return nil
    }

    private var hostLinksHint: String {
        let names = host.map(\.name).filter { $0 != "lo" }
        if names.isEmpty { return " (say which, for example 'parent: eth1')" }
        return " (this host has \(names.map { "'\($0)'" }.joined(separator: ", ")))"
    }

    /// What the kernel takes for a link's name; dev_valid_name() in net/core/dev.c.
    static func isLinkName(_ name: String) -> Bool {
        guard (1...15).contains(name.utf8.count), name != ".", name != ".." else { return false }
        return name.unicodeScalars.allSatisfy {
            $0.value > 0x20 && $0.value != 0x7F && $0.value != 0xA0 && $0 != "/" && $0 != ":"
        }
    }
}

extension HostLink {
    func owns(_ address: IPAddress) -> Bool { addresses.contains { $0.address == address } }
}
