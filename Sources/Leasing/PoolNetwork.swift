public import Addressing

/// What a pool has of one address family: the addresses to grant, and how they are set on a session's link.
public struct PoolNetwork: Sendable, Hashable {
    /// The addresses to grant: excludes already cut out, ascending, none overlapping another, all of one family.
    public let ranges: [IPRange]
    /// Length of the network part that a session's address is set with.
    public let prefixLength: Int
    /// The default gateway; nil where sessions reach their own network only.
    public let gateway: IPAddress?
    /// Number of addresses; saturates at `UInt128.max`.
    public let total: UInt128
    /// The place of each range's first address.
    private let firstPlaces: [UInt128]

    /// Makes a network from parts that the configuration has checked.
    public init(ranges: [IPRange], prefixLength: Int, gateway: IPAddress?) {
        self.ranges = ranges
        self.prefixLength = prefixLength
        self.gateway = gateway
        var sum: UInt128 = 0
        self.firstPlaces = ranges.map { range in
            defer { sum = sum.saturatingAdding(range.count) }
            return sum
        }
        self.total = sum
    }

    /// The address of a place, counted from 0 through all ranges; nil past the end.
    public func address(at place: UInt128) -> SessionAddress? {
        guard place < total, let index = lastIndex(where: { firstPlaces[$0] <= place }) else { return nil }
        let first = ranges[index].first
        return IPAddress(family: first.family, bits: first.bits + (place - firstPlaces[index]))
            .flatMap { IPPrefix($0, length: prefixLength) }
            .map { SessionAddress(prefix: $0, gateway: gateway) }
    }

    /// The place of an address; nil for one that is none of these.
    public func place(of address: IPAddress) -> UInt128? {
        guard let index = lastIndex(where: { ranges[$0].first <= address }), ranges[index].contains(address) else {
            return nil
        }
        let place = firstPlaces[index] + (address.bits - ranges[index].first.bits)
        return place < total ? place : nil
    }

    /// The places at which a range begins.
    var rangeStarts: [UInt128] { firstPlaces }

    /// The last range for which `isBefore` holds, which holds for a beginning of them; a pool may have many holes.
    private func lastIndex(where isBefore: (Int) -> Bool) -> Int? {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(middle) { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

extension UInt128 {
    fileprivate func saturatingAdding(_ other: UInt128) -> UInt128 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
