internal import Addressing

extension PoolReader {
    /// Checks that what may be granted lies in the network and belongs to nobody else; never walks over addresses.
    mutating func checkRemainders(_ item: NetworkItem) {
        let (network, gateway) = (item.prefix, item.gateway)
        var outside: Set<Position> = []
        for remainder in remainders
        where remainder.range.first.family == item.family && !network.range.contains(remainder.range) {
            // Excludes may cut one range into several; it is reported once.
            guard outside.insert(remainder.item.position).inserted else { continue }
            problems.error(
                remainder.item.position, "range '\(remainder.item.range)' is not inside prefix '\(network)'")
        }
        switch item.family {
        case .ipv4:
            reportHolder(of: network.first, as: "the network address of '\(network)'")
            reportHolder(of: network.last, as: "the broadcast address of '\(network)'")
        case .ipv6:
            // RFC 4291 section 2.6.1.
            reportHolder(of: network.first, as: "the routers' common address in '\(network)'")
        }
        if let gateway { reportHolder(of: gateway, as: "the gateway") }
        for link in host {
            // An address that stands on the link twice, with two lengths, is one problem.
            var seen: Set<IPAddress> = []
            for own in link.addresses
            where own.address.family == item.family && own.address != gateway && seen.insert(own.address).inserted {
                reportHolder(of: own.address, as: "this host's own address on '\(link.name)'")
            }
        }
    }

    /// Warns where there are more addresses of IPv4 than of IPv6: a session takes one of each.
    mutating func checkPairs(_ four: UInt128, _ six: UInt128) {
        // A network of IPv6 is larger than one of IPv4 can be; that it is not used up is no mistake.
        guard four > six, six > 0, let keyPosition = section.position(of: .ranges) else { return }
        problems.warning(
            keyPosition,
            "pool '\(name)' has \(four) IPv4 and \(six) IPv6 addresses: a session takes one of each, so \(four - six) of "
                + "IPv4 are never granted")
    }

    private mutating func reportHolder(of address: IPAddress, as role: String) {
        guard let holder = remainders.first(where: { $0.range.contains(address) }) else { return }
        problems.error(
            holder.item.position,
            "range '\(holder.item.range)' holds \(address), \(role) (add it to 'exclude')")
    }
}

/// Reports every address that is in two ranges, of one pool or of two.
func checkOverlaps(_ remainders: [Remainder], problems: inout ProblemList) {
    var reported: Set<Position> = []
    var furthest: Remainder?
    for next in remainders.sorted(by: { ($0.range.first, $0.item.position) < ($1.range.first, $1.item.position) }) {
        defer { if furthest.map({ $0.range.last < next.range.last }) ?? true { furthest = next } }
        guard let previous = furthest, previous.range.overlaps(next.range) else { continue }
        let (earlier, later) =
            previous.item.position < next.item.position ? (previous, next) : (next, previous)
        guard reported.insert(later.item.position).inserted else { continue }
        let owner = earlier.pool == later.pool ? "" : " of pool '\(earlier.pool)'"
        problems.error(
            later.item.position,
            "range '\(later.item.range)' overlaps range '\(earlier.item.range)'\(owner) in line "
                + "\(earlier.item.position.line)")
    }
}
