internal import Addressing

extension PoolReader {
    /// The name of the parent link; nil where it is wrong, or none can be told from the networks.
    mutating func readParent(networks: [NetworkItem]) -> String? {
        guard section.position(of: .parent) != nil else {
            return networks.isEmpty ? nil : parentOfHost(networks: networks.map(\.prefix))
        }
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

    /// The one link with an address in the first network, or else in the second one.
    private mutating func parentOfHost(networks: [IPPrefix]) -> String? {
        let candidates =
            networks.map { network in
                host.filter { link in link.name != "lo" && link.addresses.contains { network.contains($0.address) } }
            }.first { !$0.isEmpty }?.map(\.name) ?? []
        if candidates.count == 1 { return candidates.first }
        let place = networks.map { "'\($0)'" }.joined(separator: " or ")
        if candidates.isEmpty {
            problems.error(
                position,
                "pool '\(name)' has no 'parent', and no link of this host has an address in \(place)\(hostLinksHint)")
            return nil
        }
        let names = candidates.map { "'\($0)'" }.joined(separator: " and ")
        problems.error(
            position,
            "pool '\(name)' has no 'parent', and the links \(names) have an address in \(place) "
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
