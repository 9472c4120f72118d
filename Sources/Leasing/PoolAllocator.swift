public import Addressing

/// Chooses the addresses of one pool in the order that it says.
///
/// Longest free first means: never used ones ascending, then returned ones by age. Taking and giving back is O(1)
/// amortised, O(log n) for the lowest first, and the memory grows with the addresses in use or returned, not with the
/// pool: a /8 or an IPv6 range costs no more than a /24. An address of the pool is in exactly one of these: in `used`, in
/// `returned`, in `below` or fresh, which is all the rest from the cursor on. (What was taken out of `below` out of turn
/// stays there, and is passed over.)
public struct PoolAllocator: Sendable {
    private let ranges: [IPRange]
    private let total: UInt128
    private let order: AllocationOrder
    private var used: Set<IPAddress> = []
    /// Longest free first: what was given back, oldest first.
    private var returned = ReturnQueue()
    /// Lowest first: what was given back below the cursor.
    private var below = LowestQueue()
    /// The range that the next fresh address comes from, and how many of its addresses are behind us.
    private var cursor: (range: Int, offset: UInt128) = (0, 0)

    /// Starts from what a store knows; addresses outside the pool are passed over.
    ///
    /// `released` are the addresses whose last use has ended, oldest end first.
    public init(pool: Pool, inUse: Set<IPAddress>, released: [IPAddress]) {
        self.ranges = pool.ranges
        self.total = pool.total
        self.order = pool.order
        self.used = inUse.filter(contains)
        // The other orders do not ask for how long an address has been free.
        guard order == .longestFree else { return }
        for address in released where contains(address) && !used.contains(address) {
            returned.append(address)
        }
    }

    /// The addresses that wait for their next use, oldest end first.
    public var released: [IPAddress] { returned.all }

    /// Number of addresses that are not in use; saturates as `Pool.total` does.
    public var free: UInt128 { total - UInt128(used.count) }

    /// The addresses in use, ascending.
    public var inUse: [IPAddress] { used.sorted() }

    /// Takes the address whose turn it is; nil when all are in use.
    public mutating func take() -> IPAddress? {
        let address =
            switch order {
            case .longestFree: nextFresh() ?? returned.popFirst()
            case .lowest: nextBelow() ?? nextFresh()
            case .random: anyFree()
            }
        if let address { used.insert(address) }
        return address
    }

    /// Takes one address out of turn; false where it is in use or not of the pool.
    public mutating func take(_ specific: IPAddress) -> Bool {
        guard contains(specific), used.insert(specific).inserted else { return false }
        returned.remove(specific)
        return true
    }

    /// Gives an address back; false where it is free already or not of the pool.
    @discardableResult
    public mutating func giveBack(_ address: IPAddress) -> Bool {
        guard used.remove(address) != nil else { return false }
        switch order {
        case .longestFree: returned.append(address)
        case .lowest: if isBehindCursor(address) { below.insert(address) }
        case .random: break
        }
        return true
    }

    private mutating func nextBelow() -> IPAddress? {
        while let address = below.popFirst() {
            if !used.contains(address) { return address }
        }
        return nil
    }

    private func isBehindCursor(_ address: IPAddress) -> Bool {
        guard cursor.range < ranges.count else { return true }
        let range = ranges[cursor.range]
        if address < range.first { return true }
        return range.contains(address) && address.bits - range.first.bits < cursor.offset
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

    /// Draws until a free one comes; where hardly any is left, walks on from the last draw.
    private func anyFree() -> IPAddress? {
        guard free > 0 else { return nil }
        for _ in 0..<32 {
            if let address = address(at: .random(in: 0..<total)), !used.contains(address) { return address }
        }
        var place = UInt128.random(in: 0..<total)
        // Past all that are in use there is a free one.
        for _ in 0...used.count {
            if let address = address(at: place), !used.contains(address) { return address }
            place = place == total - 1 ? 0 : place + 1
        }
        return nil
    }

    /// The address of that place in the pool, counted from 0.
    private func address(at place: UInt128) -> IPAddress? {
        var place = place
        for range in ranges {
            if place < range.count { return IPAddress(family: range.first.family, bits: range.first.bits + place) }
            place -= range.count
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
