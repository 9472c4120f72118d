internal import Addressing
internal import Testing

@testable internal import Leasing

/// The orders other than longest free first.
struct OrderTests {
    @Test func `the lowest free address comes first, whatever became of it`() throws {
        let allocator = Allocator(
            try pool(["10.1.0.1-10.1.0.3", "10.1.0.9"], order: .lowest), inUse: [try addresses(["10.1.0.1"])],
            released: try addresses(["10.1.0.3"]))
        #expect(allocator.take()?.description == "10.1.0.2")
        #expect(allocator.giveBack(try address("10.1.0.1")))
        #expect(allocator.take()?.description == "10.1.0.1")
        #expect(allocator.giveBack(try address("10.1.0.2")))
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.3", "10.1.0.9"])
        for text in ["10.1.0.9", "10.1.0.3", "10.1.0.2"] { #expect(allocator.giveBack(try address(text))) }
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.3", "10.1.0.9"])
    }

    @Test(arguments: 1...20)
    func `any sequence gives what a plain sorted list gives`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let pool = try pool(["10.1.0.4-10.1.0.9", "10.1.0.20", "10.1.0.30-10.1.0.40"], order: .lowest)
        let allocator = Allocator(pool)
        let all = pool.networks[0].ranges.flatMap { range in
            (0..<Int(range.count)).compactMap { range.first.advanced(by: $0) }
        }
        var free = Set(all)
        for _ in 0..<5000 {
            let chosen = try #require(all.randomElement(using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0...2:
                let lowest = free.min()
                #expect(allocator.take() == lowest)
                if let lowest { free.remove(lowest) }
            case 3: #expect(allocator.take(chosen) == (free.remove(chosen) != nil))
            default: #expect(allocator.giveBack(chosen) == free.insert(chosen).inserted)
            }
            #expect(allocator.free == UInt128(free.count))
        }
    }

    @Test func `drawn addresses are all of the pool, each once, and not in a row`() throws {
        let pool = try pool(["10.1.0.1-10.1.0.40", "10.1.0.101-10.1.0.140"], order: .random)
        let allocator = Allocator(pool, inUse: [try addresses(["10.1.0.7"])])
        let drawn = try addresses(allocator.drain())
        #expect(drawn.count == 79)
        #expect(Set(drawn).count == 79)
        #expect(drawn.allSatisfy { address in pool.networks[0].ranges.contains { $0.contains(address) } })
        // One order of 79! by chance.
        #expect(drawn != drawn.sorted())
        #expect(allocator.free == 0)
        let last = drawn[78]
        #expect(allocator.giveBack(last))
        #expect(allocator.take() == last)
        #expect(allocator.take() == nil)
    }

    @Test func `drawing from a huge pool costs no more than from a small one`() throws {
        let allocator = Allocator(try pool(["2001:db8::-2001:db8::ffff:ffff:ffff:ffff"], order: .random))
        for _ in 0..<1000 { #expect(allocator.take() != nil) }
        #expect(allocator.free == (UInt128(1) << 64) - 1000)
    }
}
