internal import Addressing

extension PoolReader {
    /// Checks that what may be granted lies in the network and belongs to nobody else; never walks over addresses.
    mutating func checkRemainders(network: IPPrefix, gateway: IPAddress?) {
        var outside: Set<Position> = []
        for remainder in remainders where !network.range.contains(remainder.range) {
            // Excludes may cut one range into several; it is reported once.
            guard outside.insert(remainder.item.position).inserted else { continue }
            problems.error(
                remainder.item.position, "range '\(remainder.item.range)' is not inside prefix '\(network)'")
        }
        reportHolder(of: network.first, as: "the network address of '\(network)'")
        reportHolder(of: network.last, as: "the broadcast address of '\(network)'")
        if let gateway { reportHolder(of: gateway, as: "the gateway") }
        for link in host {
            // An address that stands on the link twice, with two lengths, is one problem.
            var seen: Set<IPAddress> = []
            for own in link.addresses where own.address != gateway && seen.insert(own.address).inserted {
                reportHolder(of: own.address, as: "this host's own address on '\(link.name)'")
            }
        }
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
