public import Addressing

/// Chooses the addresses of one pool in the order that it says.
///
/// Longest free first means: never used ones ascending, then returned ones by age. What is chosen is a place of the pool,
/// which stands for one address or a pair. Taking and giving back is O(log n) in the pool's ranges, and for the lowest
/// first in what was given back; the memory grows with the places in use or returned, not with the pool: a /8 or an IPv6
/// range costs no more than a /24. A place is in exactly one of these: in `used`, in `returned`, in `below` or fresh,
/// which is all the rest from `nextFresh` on. (What was taken out of `below` out of turn stays there, and is passed over.)
public struct PoolAllocator: Sendable {
    private let pool: Pool
    private let total: UInt128
    /// The places in use, and how many leases stand in the way of each.
    ///
    /// That is one, but for leases of an earlier configuration, whose pairs may lie across the pairs of today.
    private var used: [UInt128: Int] = [:]
    /// Longest free first: what was given back, oldest first.
    private var returned = ReturnQueue()
    /// Lowest first: what was given back of those that were fresh once.
    private var below = LowestQueue()
    /// All below were taken once, or passed by because they were in use.
    private var nextFresh: UInt128 = 0

    /// Starts from what a store knows; addresses outside the pool are passed over.
    ///
    /// `inUse` are the addresses of each lease, `released` those whose last use has ended, oldest end first.
    public init(pool: Pool, inUse: [[IPAddress]], released: [IPAddress]) {
        self.pool = pool
        self.total = pool.total
        for addresses in inUse {
            for place in places(of: addresses) { used[place, default: 0] += 1 }
        }
        // The other orders do not ask for how long an address has been free.
        guard pool.order == .longestFree else { return }
        for place in released.compactMap({ pool.place(of: $0) }) where used[place] == nil {
            returned.append(place)
        }
    }

    /// The addresses that wait for their next use, oldest end first; of a pair the first.
    public var released: [IPAddress] { returned.all.compactMap { pool.addresses(at: $0).first?.address } }

    /// Number of places that are not in use; saturates as `Pool.total` does.
    public var free: UInt128 { total - UInt128(used.count) }

    /// The places in use, ascending.
    public var placesInUse: [UInt128] { used.keys.sorted() }

    /// What is in use here although none of these addresses is of it: it would never be granted again.
    public func unclaimed(by addresses: Set<IPAddress>) -> [[IPAddress]] {
        placesInUse.map { pool.addresses(at: $0).map(\.address) }.filter { addresses.isDisjoint(with: $0) }
    }

    /// Takes the address whose turn it is, or the pair; nil when all are in use.
    public mutating func take() -> [SessionAddress]? {
        let place =
            switch pool.order {
            case .longestFree: takeFresh() ?? returned.popFirst()
            case .lowest: takeBelow() ?? takeFresh()
            case .random: anyFree()
            }
        guard let place else { return nil }
        used[place] = 1
        return pool.addresses(at: place)
    }

    /// Takes one address out of turn, with the one that it is paired with.
    ///
    /// - Returns: nil where it is in use or not of the pool.
    public mutating func take(_ specific: IPAddress) -> [SessionAddress]? {
        guard let place = pool.place(of: specific), used[place] == nil else { return nil }
        used[place] = 1
        returned.remove(place)
        return pool.addresses(at: place)
    }

    /// Gives back what one lease has; no where all of it is free already or not of the pool.
    @discardableResult
    public mutating func giveBack(_ addresses: [IPAddress]) -> Bool {
        var isChange = false
        for place in places(of: addresses) {
            guard let leases = used[place] else { continue }
            isChange = true
            used[place] = leases > 1 ? leases - 1 : nil
            guard leases == 1 else { continue }
            switch pool.order {
            case .longestFree: returned.append(place)
            case .lowest: if place < nextFresh { below.insert(place) }
            case .random: break
            }
        }
        return isChange
    }

    /// Whether the address is of the pool.
    public func contains(_ address: IPAddress) -> Bool { pool.place(of: address) != nil }

    /// Ascending, so that what is given back together comes again in an order that can be told.
    private func places(of addresses: [IPAddress]) -> [UInt128] {
        Set(addresses.compactMap { pool.place(of: $0) }).sorted()
    }

    private mutating func takeBelow() -> UInt128? {
        while let place = below.popFirst() {
            if used[place] == nil { return place }
        }
        return nil
    }

    /// Moves past what was taken out of turn; each place is passed once in the allocator's life.
    private mutating func takeFresh() -> UInt128? {
        while nextFresh < total {
            let candidate = nextFresh
            nextFresh += 1
            if used[candidate] == nil, !returned.contains(candidate) { return candidate }
        }
        return nil
    }

    /// Draws until a free one comes; where hardly any is left, walks on from the last draw.
    private func anyFree() -> UInt128? {
        guard free > 0 else { return nil }
        for _ in 0..<32 {
            let place = UInt128.random(in: 0..<total)
            if used[place] == nil { return place }
        }
        var place = UInt128.random(in: 0..<total)
        // Past all that are in use there is a free one.
        for _ in 0...used.count {
            if used[place] == nil { return place }
            place = place == total - 1 ? 0 : place + 1
        }
        return nil
    }
}
