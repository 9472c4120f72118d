import Testing

@testable import SessionPlan

struct WorldTests {
    @Test func `a session whose requests are answered at last always ends and leaves no link`() {
        for seed in 0..<2_000 as Range<UInt64> {
            var world = World(seed: seed)
            let ended = world.live()
            #expect(ended, "seed \(seed) stands at \(world.plan.step)")
            #expect(world.ledger.broken.isEmpty, "seed \(seed)")
            #expect(!world.linked, "seed \(seed)")
        }
    }
}
