/// Places in the order of their return, from which any one can be taken out; all in O(1) amortised.
struct ReturnQueue: Sendable {
    /// Every return in order; one whose ticket is not the place's current one was taken out and is passed over.
    private(set) var entries: [(place: UInt128, ticket: UInt64)] = []
    private var head = 0
    private var tickets: [UInt128: UInt64] = [:]
    private var nextTicket: UInt64 = 0

    /// Whether the place waits here.
    func contains(_ place: UInt128) -> Bool { tickets[place] != nil }

    /// All that wait here, the longest first.
    var all: [UInt128] { entries[head...].filter { tickets[$0.place] == $0.ticket }.map(\.place) }

    /// Puts a place at the end; one that waits already loses its earlier place.
    mutating func append(_ place: UInt128) {
        tickets[place] = nextTicket
        entries.append((place, nextTicket))
        nextTicket += 1
        compact()
    }

    /// Takes a place out, wherever it is.
    mutating func remove(_ place: UInt128) {
        tickets[place] = nil
        compact()
    }

    /// Takes the place that has waited for longest.
    mutating func popFirst() -> UInt128? {
        while head < entries.count {
            let entry = entries[head]
            head += 1
            guard tickets[entry.place] == entry.ticket else { continue }
            tickets[entry.place] = nil
            compact()
            return entry.place
        }
        return nil
    }

    /// Drops dead entries once they are the greater part, so that memory follows what waits.
    private mutating func compact() {
        guard entries.count > 32, entries.count > 2 * tickets.count else { return }
        entries = entries[head...].filter { tickets[$0.place] == $0.ticket }
        head = 0
    }
}
