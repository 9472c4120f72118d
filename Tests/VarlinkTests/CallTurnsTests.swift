import LinuxSystem
import Synchronization
import Testing

@testable import Varlink

struct CallTurnsTests {
    /// Who had a turn, in order.
    private final class Order: Sendable {
        private let users = Mutex<[UInt32]>([])

        func add(_ uid: UInt32) { users.withLock { $0.append(uid) } }

        var all: [UInt32] { users.withLock { $0 } }
    }

    @Test func `nobody waits for the end of what another user asks`() async throws {
        let loop = try EventLoop()
        let turns = CallTurns(perRound: 4, loop: loop)
        let order = Order()
        let users = [UInt32](repeating: 1000, count: 100) + [1001, 0] + [UInt32](repeating: 1002, count: 6)
        // Begun on the loop itself, so that all of them have come before the first has its turn: rounds pass between calls that
        // another thread begins, as soon as that thread is kept waiting.
        await withTaskExecutorPreference(loop) {
            await withTaskGroup(of: Void.self) { group in
                for uid in users {
                    group.addTask {
                        await turns.next(of: uid)
                        order.add(uid)
                    }
                }
            }
        }
        let all = order.all
        #expect(all.count == users.count)
        // All that come later go before the fifth of the first user's, or take turns with it.
        for (uid, most) in [(UInt32(1001), 8), (0, 8), (1002, 20)] {
            #expect((all.lastIndex(of: uid) ?? all.count) <= most, "\(uid) in \(all.prefix(24))")
        }
    }

    @Test func `a user alone has one turn after the other`() async throws {
        let loop = try EventLoop()
        let turns = CallTurns(perRound: 1, loop: loop)
        for _ in 0..<1000 { await turns.next(of: 1000) }
    }
}
