/// Places of which the lowest comes first: a binary heap in which each is once.
struct LowestQueue: Sendable {
    private var heap: [UInt128] = []
    private var members: Set<UInt128> = []

    /// Puts a place in; nothing changes where it is in already.
    mutating func insert(_ place: UInt128) {
        guard members.insert(place).inserted else { return }
        heap.append(place)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the lowest place out.
    mutating func popFirst() -> UInt128? {
        guard let lowest = heap.first, let last = heap.popLast() else { return nil }
        members.remove(lowest)
        guard !heap.isEmpty else { return lowest }
        heap[0] = last
        var parent = 0
        while true {
            let children = (2 * parent + 1..<min(2 * parent + 3, max(heap.count, 2 * parent + 1)))
            guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[parent] else { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return lowest
    }
}
