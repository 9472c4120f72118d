internal import Addressing
internal import Leasing
internal import Testing

func address(_ text: String) throws -> IPAddress { try #require(IPAddress(text)) }

func addresses(_ texts: [String]) throws -> [IPAddress] { try texts.map { try address($0) } }

/// A pool of the ranges with these texts.
func pool(_ ranges: [String], order: AllocationOrder = .longestFree) throws -> Pool {
    let ranges = try ranges.map { try #require(IPRange($0)) }
    let networks = [IPAddress.Family.ipv4, .ipv6].map { family in
        PoolNetwork(
            ranges: ranges.filter { $0.first.family == family }, prefixLength: family == .ipv4 ? 8 : 32, gateway: nil)
    }.filter { !$0.ranges.isEmpty }
    return Pool(
        name: "lab", networks: networks, parent: "eth1", macvlanMode: .bridge, hold: Pool.minimumHold,
        exhaustion: .share, leftovers: .wait, order: order)
}

/// An allocator by reference: `#expect` cannot call what changes a value.
final class Allocator {
    private var value: PoolAllocator

    init(_ pool: Pool, inUse: [[IPAddress]] = [], released: [IPAddress] = []) {
        self.value = PoolAllocator(pool: pool, inUse: inUse, released: released)
    }

    var free: UInt128 { value.free }
    var placesInUse: [UInt128] { value.placesInUse }
    func take() -> IPAddress? { value.take()?.first?.address }
    func takeAll() -> [String]? { value.take()?.map(\.address.description) }
    func take(_ specific: IPAddress) -> Bool { value.take(specific) != nil }
    func giveBack(_ address: IPAddress) -> Bool { value.giveBack([address]) }
    func giveBack(_ addresses: [IPAddress]) -> Bool { value.giveBack(addresses) }

    /// Takes all that is left; ends after 100 should the allocator not.
    func drain() -> [String] {
        var taken: [String] = []
        while taken.count < 100, let address = take() { taken.append(address.description) }
        return taken
    }
}

/// A random number generator that gives the same sequence for the same seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
