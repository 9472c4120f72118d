internal import Addressing
internal import Testing

@testable internal import Leasing

struct PoolAllocatorTests {
    @Test func `addresses that were never used come first, ascending`() throws {
        let released = try addresses(["10.1.0.3", "10.1.0.1"])
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.4"]), released: released)
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.4", "10.1.0.3", "10.1.0.1"])
    }

    @Test func `a returned address is granted last`() throws {
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.3"]))
        let first = try #require(allocator.take())
        #expect(allocator.giveBack(first))
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.3", "10.1.0.1"])
    }

    @Test func `returned addresses come in the order of their return`() throws {
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.3"]))
        let taken = allocator.drain()
        #expect(taken.count == 3)
        for text in ["10.1.0.2", "10.1.0.3", "10.1.0.1"] { #expect(allocator.giveBack(try address(text))) }
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.3", "10.1.0.1"])
    }

    @Test func `what is in use is never given`() throws {
        let inUse = try addresses(["10.1.0.1", "10.1.0.3", "192.0.2.1"]).map { [$0] }
        let released = try addresses(["10.1.0.3", "192.0.2.2", "10.1.0.4"])
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.4"]), inUse: inUse, released: released)
        #expect(allocator.free == 2)
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.4"])
        #expect(allocator.free == 0)
    }

    @Test func `one address is taken out of turn, once`() throws {
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.3"]))
        let middle = try address("10.1.0.2")
        #expect(allocator.take(middle))
        #expect(!allocator.take(middle))
        #expect(!allocator.take(try address("10.1.0.4")))
        #expect(allocator.free == 2)
        #expect(allocator.giveBack(middle))
        #expect(allocator.drain() == ["10.1.0.1", "10.1.0.3", "10.1.0.2"])
    }

    @Test(arguments: ["10.1.0.1", "10.1.0.4", "10.1.0.6", "10.1.0.0", "::a01:2"])
    func `giving back what is free or foreign changes nothing`(_ text: String) throws {
        let allocator = Allocator(try pool(["10.1.0.1-10.1.0.3", "10.1.0.5"]), released: try addresses(["10.1.0.1"]))
        #expect(!allocator.giveBack(try address(text)))
        #expect(allocator.free == 4)
        #expect(allocator.drain() == ["10.1.0.2", "10.1.0.3", "10.1.0.5", "10.1.0.1"])
    }

    @Test(arguments: [
        ("255.255.255.254-255.255.255.255", ["255.255.255.254", "255.255.255.255"]),
        (
            "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            ["ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"]
        ),
    ])
    func `a pool ends with the last address of its family`(_ range: String, _ all: [String]) throws {
        #expect(Allocator(try pool([range])).drain() == all)
    }

    @Test(arguments: [
        ("10.0.0.0-10.255.255.255", UInt128(1) << 24),
        ("2001:db8::-2001:db8::ffff:ffff:ffff:ffff", UInt128(1) << 64),
        ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", UInt128.max),
    ])
    func `a huge pool costs no more than a small one`(_ range: String, _ total: UInt128) throws {
        let pool = try pool([range])
        #expect(pool.total == total)
        let allocator = Allocator(pool)
        for step in 0..<1000 {
            #expect(allocator.take() == pool.networks[0].ranges[0].first.advanced(by: step))
        }
        #expect(allocator.take(pool.networks[0].ranges[0].last))
        #expect(allocator.free == total - 1001)
    }

    @Test(arguments: 1...20)
    func `any sequence gives what a plain list sorted by time gives`(_ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let pool = try pool(["10.1.0.4-10.1.0.9", "10.1.0.20", "10.1.0.30-10.1.0.40"])
        let allocator = Allocator(pool)
        var free = pool.networks[0].ranges.flatMap { range in
            (0..<Int(range.count)).compactMap { range.first.advanced(by: $0) }
        }
        let all = free + (try addresses(["10.1.0.3", "10.1.0.10", "10.1.0.21", "2001:db8::7"]))
        let members = Set(free)
        for _ in 0..<5000 {
            let chosen = try #require(all.randomElement(using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0...2:
                #expect(allocator.take() == (free.isEmpty ? nil : free.removeFirst()))
            case 3:
                let position = free.firstIndex(of: chosen)
                #expect(allocator.take(chosen) == (position != nil))
                if let position { free.remove(at: position) }
            default:
                let isTaken = members.contains(chosen) && !free.contains(chosen)
                #expect(allocator.giveBack(chosen) == isTaken)
                if isTaken { free.append(chosen) }
            }
            #expect(allocator.free == UInt128(free.count))
        }
    }

    @Test func `a pool that is changed goes on with what is in use and in the order of return`() throws {
        var old = PoolAllocator(pool: try pool(["10.1.0.1-10.1.0.4"]), inUse: [], released: [])
        for _ in 0..<4 { _ = old.take() }
        for text in ["10.1.0.3", "10.1.0.1", "10.1.0.2"] { old.giveBack([try address(text)]) }
        _ = old.take()
        #expect(old.released.map(\.description) == ["10.1.0.1", "10.1.0.2"])
        let inUse = try addresses(["10.1.0.3", "10.1.0.4"]).map { [$0] }
        let new = Allocator(try pool(["10.1.0.2-10.1.0.5"]), inUse: inUse, released: old.released)
        #expect(new.drain() == ["10.1.0.5", "10.1.0.2"])
        #expect(new.giveBack(try address("10.1.0.4")))
        #expect(!new.giveBack(try address("10.1.0.1")))
        #expect(new.drain() == ["10.1.0.4"])
    }

    @Test func `the queue of returns does not grow with use`() throws {
        var queue = ReturnQueue()
        let other = UInt128(1) << 100
        for step in UInt128(0)..<10_000 {
            queue.append(step)
            let oldest = step < 5 ? nil : queue.popFirst()
            #expect(step < 5 || oldest == step - 5)
            queue.append(other)
            queue.remove(other)
        }
        #expect(queue.entries.count <= 64)
    }
}
