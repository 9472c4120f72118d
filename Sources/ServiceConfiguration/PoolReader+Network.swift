internal import Addressing
internal import Leasing

/// A pool's network of one family, as far as the file tells it.
struct NetworkItem {
    /// Without host bits.
    let prefix: IPPrefix
    var gateway: IPAddress?

    var family: IPAddress.Family { prefix.address.family }
}

extension PoolReader {
    /// The pool's networks, IPv4 first; empty where none is given or all are wrong.
    mutating func readNetworks(ranges: [RangeItem]) -> [NetworkItem] {
        guard section.position(of: .prefix) != nil else {
            reportMissing(.prefix)
            return []
        }
        guard let texts = section.texts(of: .prefix, problems: &problems) else { return [] }
        var networks: [NetworkItem] = []
        // A family whose prefix is wrong is not called missing too.
        var named: Set<IPAddress.Family> = []
        for located in texts {
            guard let prefix = parsePrefix(located, ranges: ranges) else {
                named = [.ipv4, .ipv6]
                continue
            }
            let family = prefix.address.family
            guard named.insert(family).inserted else {
                problems.error(located.position, "a pool has one \(family.name) 'prefix' at most")
                continue
            }
            if let prefix = checkPrefix(prefix, located) { networks.append(NetworkItem(prefix: prefix)) }
            if let keyPosition = section.position(of: .ranges), !ranges.isEmpty,
                !ranges.contains(where: { $0.range.first.family == family })
            {
                problems.error(
                    keyPosition, "pool '\(name)' has an \(family.name) 'prefix', but no \(family.name) range")
            }
        }
        reportUnnamed(ranges, named)
        readGateways(&networks)
        return networks.sorted { $0.family < $1.family }
    }

    private mutating func reportUnnamed(_ ranges: [RangeItem], _ named: Set<IPAddress.Family>) {
        for item in ranges where !named.contains(item.range.first.family) {
            let family = item.range.first.family
            return problems.error(
                item.position,
                "range '\(item.range)' is \(family.name), but pool '\(name)' has no \(family.name) 'prefix' "
                    + "(for example 'prefix: \(family == .ipv4 ? "10.1.0.0/24" : "[10.1.0.0/24, 2001:db8:1::/64]")')")
        }
    }

    private mutating func checkPrefix(_ prefix: IPPrefix, _ located: Located) -> IPPrefix? {
        let name = "prefix \(quoted(located.text))"
        guard prefix.address.family.lengths.contains(prefix.length) else {
            reportLength(prefix.length, located, prefix.address.family)
            return nil
        }
        let network = IPPrefix(prefix.first, length: prefix.length)
        if located.text.contains("/"), let network, network != prefix {
            problems.error(located.position, "\(name) has host bits set (the network is '\(network)')")
        }
        if let special = SpecialNetwork.overlapping(prefix.range) {
            problems.error(located.position, "\(name) overlaps '\(special.prefix)', \(special.meaning)")
            return nil
        }
        if prefix.address.family == .ipv6, surroundings.hasIPv6 == false {
            problems.error(
                located.position,
                "\(name) is IPv6, which this host has not (is 'ipv6.disable=1' on the kernel's command line?)")
        }
        return network
    }

    /// `ADDRESS/LENGTH`, or a length alone, which then counts from the first range.
    private mutating func parsePrefix(_ located: Located, ranges: [RangeItem]) -> IPPrefix? {
        if let prefix = IPPrefix(located.text) { return prefix }
        let parts = located.text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let address = parts.first.flatMap { IPAddress($0) }
        guard parts.count <= 2, let lengthText = parts.last, let length = Int(lengthText),
            String(length) == lengthText, parts.count == 1 || address != nil
        else {
            problems.error(
                located.position,
                "prefix \(quoted(located.text)) is neither ADDRESS/LENGTH nor a length (for example '10.1.0.0/24')")
            return nil
        }
        let family = address?.family ?? ranges.first?.range.first.family ?? .ipv4
        guard parts.count == 1, family.lengths.contains(length) else {
            reportLength(length, located, family)
            return nil
        }
        // Without a range there is nothing to count from; that there is none is a problem by itself.
        guard let first = ranges.first?.range.first else { return nil }
        return IPPrefix(first, length: length)
    }

    private mutating func reportLength(_ length: Int, _ located: Located, _ family: IPAddress.Family) {
        let (low, high) = (family.lengths.lowerBound, family.lengths.upperBound)
        problems.error(
            located.position, "prefix \(quoted(located.text)) has the length \(length) (\(low) to \(high) make sense)")
    }

    private mutating func readGateways(_ networks: inout [NetworkItem]) {
        guard let texts = section.texts(of: .gateway, problems: &problems) else { return }
        for located in texts {
            guard let gateway = IPAddress(located.text) else {
                problems.error(
                    located.position, "gateway \(quoted(located.text)) is not an address (for example '10.1.0.1')")
                continue
            }
            guard let index = networks.firstIndex(where: { $0.family == gateway.family }) else {
                // Where no prefix is right, this is said already.
                if !networks.isEmpty {
                    problems.error(
                        located.position,
                        "gateway '\(gateway)' is \(gateway.family.name), and pool '\(name)' has no such prefix")
                }
                continue
            }
            if networks[index].gateway != nil {
                problems.error(located.position, "a pool has one \(gateway.family.name) 'gateway' at most")
            }
            check(neighbor: gateway, as: "gateway '\(gateway)'", of: networks[index].prefix, at: located.position)
            networks[index].gateway = gateway
        }
    }

    /// Checks that sessions of a network reach `address` without a gateway.
    mutating func check(neighbor address: IPAddress, as name: String, of network: IPPrefix, at place: Position) {
        if !network.reaches(address) {
            problems.error(place, "\(name) is not inside prefix '\(network)'")
        } else if address.family == .ipv4, address == network.first {
            problems.error(place, "\(name) is the network address of '\(network)'")
        } else if address.family == .ipv4, address == network.last {
            problems.error(place, "\(name) is the broadcast address of '\(network)'")
        } else if let link = host.first(where: { $0.owns(address) }) {
            // The kernel does not carry frames between a macvlan and its own parent link.
            problems.warning(
                place, "\(name) is this host's own address on '\(link.name)', which sessions cannot reach")
        }
    }
}

extension HostLink {
    func owns(_ address: IPAddress) -> Bool { addresses.contains { $0.address == address } }
}

extension IPAddress.Family {
    /// The name in messages.
    var name: String { self == .ipv4 ? "IPv4" : "IPv6" }

    /// Lengths of networks in which sessions can be.
    fileprivate var lengths: ClosedRange<Int> { self == .ipv4 ? 8...30 : 16...126 }
}
