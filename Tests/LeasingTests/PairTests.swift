internal import Addressing
internal import Testing

@testable internal import Leasing

/// Pools with both families: a place stands for the nth address of each.
struct PairTests {
    private func pairs(_ order: AllocationOrder = .longestFree) throws -> Pool {
        try pool(
            ["10.1.0.1-10.1.0.3", "10.1.0.9-10.1.0.10", "2001:db8::a-2001:db8::b", "2001:db8:1::1-2001:db8:1::7"],
            order: order)
    }

    private static let all = [
        ["10.1.0.1", "2001:db8::a"], ["10.1.0.2", "2001:db8::b"], ["10.1.0.3", "2001:db8:1::1"],
        ["10.1.0.9", "2001:db8:1::2"], ["10.1.0.10", "2001:db8:1::3"],
    ]

    @Test(arguments: AllocationOrder.allCases)
    func `a pair is the nth of each, in whatever order`(_ order: AllocationOrder) throws {
        let allocator = Allocator(try pairs(order))
        var taken: [[String]] = []
        while taken.count < 10, let pair = allocator.takeAll() { taken.append(pair) }
        #expect(taken.sorted { $0[1] < $1[1] } == Self.all.sorted { $0[1] < $1[1] })
        if order != .random { #expect(taken == Self.all) }
        #expect(allocator.free == 0)
        #expect(allocator.giveBack(try addresses(Self.all[3])))
        #expect(!allocator.giveBack(try addresses(Self.all[3])))
        #expect(allocator.takeAll() == Self.all[3])
        #expect(allocator.takeAll() == nil)
    }

    @Test(arguments: ["10.1.0.2", "2001:db8::b"])
    func `one of a pair is enough to keep the other`(_ held: String) throws {
        let allocator = Allocator(try pairs(), inUse: [[try address(held)]])
        #expect(allocator.free == 4)
        #expect(allocator.placesInUse == [1])
        #expect(!allocator.take(try address("10.1.0.2")))
        #expect(!allocator.take(try address("2001:db8::b")))
        #expect(allocator.giveBack([try address(held)]))
        #expect(allocator.take(try address("2001:db8::b")))
    }

    @Test func `what is in use and of no lease is told, and one of a pair is enough for a claim`() throws {
        let inUse = try [["10.1.0.1"], ["10.1.0.2", "2001:db8::b"], ["10.1.0.9"]].map { try addresses($0) }
        let allocator = PoolAllocator(pool: try pairs(), inUse: inUse, released: [])
        let claimed = Set(try addresses(["2001:db8::a", "10.1.0.3", "10.2.0.9"]))
        let lost = allocator.unclaimed(by: claimed).map { $0.map(\.description) }
        #expect(lost == [Self.all[1], Self.all[3]])
        #expect(allocator.unclaimed(by: Set(inUse.joined())).isEmpty)
    }

    @Test func `a pair of an earlier configuration that lies across two pairs keeps both until it is given back`()
        throws
    {
        let across = try addresses(["10.1.0.1", "2001:db8::b"])
        let other = try addresses(["10.1.0.2", "2001:db8:9::9"])
        let allocator = Allocator(try pairs(.lowest), inUse: [across, other])
        #expect(allocator.free == 3)
        // The place of 10.1.0.2 has both in its way.
        #expect(allocator.giveBack(other))
        #expect(allocator.free == 3)
        #expect(allocator.takeAll() == Self.all[2])
        #expect(allocator.giveBack(across))
        #expect(allocator.free == 4)
        #expect(allocator.takeAll() == Self.all[0])
        #expect(allocator.takeAll() == Self.all[1])
    }

    @Test func `what the smaller family has no partner for is not of the pool`() throws {
        let pool = try pairs()
        #expect(pool.total == 5)
        #expect(pool.place(of: try address("2001:db8:1::3")) == 4)
        #expect(pool.place(of: try address("2001:db8:1::4")) == nil)
        #expect(pool.addresses(at: 4).map(\.address.description) == Self.all[4])
        #expect(pool.addresses(at: 5) == [])
        #expect(pool.rangeStarts == [0, 2, 3])
    }

    @Test(arguments: [
        ("10.1.0.1", UInt128?(0)), ("10.1.0.3", 2), ("10.1.0.4", nil), ("10.1.0.9", 3), ("10.1.0.11", nil),
        ("10.1.0.0", nil),
        ("2001:db8:1::2", 3), ("2001:db8::", nil), ("2001:db8::c", nil), ("0.0.0.0", nil), ("ffff::", nil),
    ])
    func `an address has a place, or none`(_ text: String, _ place: UInt128?) throws {
        let pool = try pairs()
        #expect(pool.place(of: try address(text)) == place)
        if let place {
            #expect(pool.addresses(at: place).map(\.address).contains(try address(text)))
        }
    }
}
