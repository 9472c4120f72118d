import Addressing
import HelperChannel
import Testing

@testable import vipns_helper

final class EndQueueTests {
    private var queue = EndQueue()

    private func take(_ request: HelperRequest, sequence: UInt32) -> Bool { queue.take(request, sequence: sequence) }

    private func dismantle(_ sequences: ClosedRange<UInt32>) {
        for sequence in sequences {
            #expect(take(.dismantle(.random(), number: sequence), sequence: sequence))
        }
    }

    /// Takes the next step, which takes so many milliseconds, and tells it in a word.
    private func next(_ milliseconds: Int = 1) -> String? {
        guard let step = queue.next() else { return nil }
        queue.note(step, took: .milliseconds(milliseconds))
        switch step {
        case .look(let counts, let kills): return "look \(counts) \(kills.map(\.sequence))"
        case .endConnections(let some): return "connections \(some.map(\.sequence))"
        case .unpin(let one): return "unpin \(one.sequence)"
        }
    }

    @Test func `looks come first, then connections, then pins one by one`() {
        dismantle(1...2)
        #expect(take(.members, sequence: 3) && take(.kill(number: 9), sequence: 4))
        #expect(take(.members, sequence: 5))
        #expect(next() == "look [3, 5] [4]")
        #expect(next() == "connections [1, 2]")
        #expect(next() == "unpin 1")
        #expect(next() == "unpin 2")
        #expect(next() == nil && queue.isEmpty)
    }

    @Test func `after a look sessions are taken apart for as long as it took`() {
        #expect(take(.members, sequence: 1))
        #expect(next(10) == "look [1] []")
        dismantle(2...7)
        #expect(take(.members, sequence: 8))
        #expect(next(50) == "connections [2, 3, 4, 5, 6, 7]")
        for sequence in 2...5 {
            #expect(next(3) == "unpin \(sequence)")
            #expect(take(.kill(number: 9), sequence: 10))
        }
        #expect(next(10) == "look [8] [10, 10, 10, 10]")
        // New connections do not wait for the pins of others.
        dismantle(20...20)
        #expect(next() == "connections [20]")
        #expect(next() == "unpin 6")
    }

    @Test func `a look waits for nobody where nothing is taken apart`() {
        for sequence in 1...3 as ClosedRange<UInt32> {
            #expect(take(.members, sequence: sequence))
            #expect(next(100) == "look [\(sequence)] []")
        }
    }

    @Test func `no more is taken in than is soon done`() {
        for sequence in 0..<UInt32(EndQueue.limit) {
            #expect(!queue.isFull)
            dismantle(sequence...sequence)
        }
        #expect(queue.isFull)
        _ = next()
        #expect(queue.isFull)
        _ = next()
        #expect(!queue.isFull)
    }

    @Test func `what is of no end is not taken`() {
        for request in [HelperRequest.audit, .listen, .deleteLink(number: 1)] {
            #expect(!take(request, sequence: 1))
        }
        #expect(queue.isEmpty)
    }
}
