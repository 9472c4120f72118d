public import Addressing

/// Chooses the addresses of one pool, longest free first: never used ones ascending, then returned ones by age.
///
/// Taking and giving back is O(1) amortised, and the memory grows with the addresses in use or returned, not with the
/// pool: a /8 or an IPv6 range costs no more than a /24. An address of the pool is in exactly one of these:
/// in `used`, in `returned`, or fresh, which is all the rest from the cursor on.
public struct PoolAllocator: Sendable {
    private let ranges: [IPRange]
    private let total: UInt128
    private var used: Set<IPAddress> = []
    private var returned = ReturnQueue()
    /// The range that the next fresh address comes from, and how many of its addresses are behind us.
    private var cursor: (range: Int, offset: UInt128) = (0, 0)

    /// Starts from what a store knows; addresses outside the pool are passed over.
    ///
    /// `released` are the addresses whose last use has ended, oldest end first.
    public init(pool: Pool, inUse: Set<IPAddress>, released: [IPAddress]) {
        self.ranges = pool.ranges
        self.total = pool.total
        self.used = inUse.filter(contains)
        for address in released where contains(address) && !used.contains(address) {
            returned.append(address)
        }
    }

    /// The addresses that wait for their next use, oldest end first.
    public var released: [IPAddress] { returned.all }

    /// Number of addresses that are not in use; saturates as `Pool.total` does.
    public var free: UInt128 { total - UInt128(used.count) }

    /// Takes the address that has been free for longest; nil when all are in use.
    public mutating func take() -> IPAddress? {
        guard let address = nextFresh() ?? returned.popFirst() else { return nil }
        used.insert(address)
        return address
    }

    /// Takes one address out of turn; false where it is in use or not of the pool.
    public mutating func take(_ specific: IPAddress) -> Bool {
        guard contains(specific), used.insert(specific).inserted else { return false }
        returned.remove(specific)
        return true
    }

    /// Gives an address back, as the last to be taken again; false where it is free already or not of the pool.
    @discardableResult
    public mutating func giveBack(_ address: IPAddress) -> Bool {
        guard used.remove(address) != nil else { return false }
        returned.append(address)
        return true
    }

    /// Moves the cursor past what was taken out of turn; each address is passed once in the allocator's life.
    private mutating func nextFresh() -> IPAddress? {
        while cursor.range < ranges.count {
            let range = ranges[cursor.range]
            guard cursor.offset <= range.last.bits - range.first.bits else {
                cursor = (cursor.range + 1, 0)
                continue
            }
            let candidate = IPAddress(family: range.first.family, bits: range.first.bits + cursor.offset)
            // Only the whole of IPv6 could overflow here, after 2^128 grants.
            cursor.offset += 1
            if let candidate, !used.contains(candidate), !returned.contains(candidate) { return candidate }
        }
        return nil
    }

    /// Whether the address is of the pool; a binary search, as a pool may have many holes.
    public func contains(_ address: IPAddress) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].last < address { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(address)
    }
}
