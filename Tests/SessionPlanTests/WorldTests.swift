import Testing

@testable import SessionPlan

struct WorldTests {
    @Test func `a session whose requests are answered at last always ends and leaves no link`() {
        for seed in 0..<2_000 as Range<UInt64> {
            var world = World(seed: seed)
            let ended = world.live()
            #expect(ended, "seed \(seed) stands at \(world.plan.step)")
            #expect(world.broken.isEmpty, "seed \(seed)")
            #expect(!world.kernel.linked, "seed \(seed)")
        }
    }

    @Test
    func `a service that ends in the middle of an action is followed by one that ends every session all the same`() {
        var kinds: [String: Int] = [:]
        for seed in 0..<2_000 as Range<UInt64> {
            var world = World(seed: seed, crashes: Int(seed % 3) + 1)
            let ended = world.live()
            #expect(ended, "seed \(seed) stands at \(world.plan.step) after \(world.adoptions)")
            #expect(world.broken.isEmpty, "seed \(seed) after \(world.adoptions)")
            #expect(!world.kernel.linked, "seed \(seed) after \(world.adoptions)")
            for found in world.adoptions { kinds[found?.kind ?? "unknown", default: 0] += 1 }
        }
        // Each way of taking one up was gone, and often enough to mean something.
        let all = [
            "halfMade", "active", "leaderless", "lingering", "closing", "vanished", "held", "quarantined", "unknown",
        ]
        for kind in all { #expect(kinds[kind, default: 0] >= 10, "\(kind): \(kinds)") }
        print("taken up after a crash: \(kinds)")
    }
}
