internal import Addressing

/// Addresses in the order of their return, from which any one can be taken out; all in O(1) amortised.
struct ReturnQueue: Sendable {
    /// Every return in order; one whose ticket is not the address's current one was taken out and is passed over.
    private(set) var entries: [(address: IPAddress, ticket: UInt64)] = []
    private var head = 0
    private var tickets: [IPAddress: UInt64] = [:]
    private var nextTicket: UInt64 = 0

    /// Whether the address waits here.
    func contains(_ address: IPAddress) -> Bool { tickets[address] != nil }

    /// All that wait here, the longest first.
    var all: [IPAddress] { entries[head...].filter { tickets[$0.address] == $0.ticket }.map(\.address) }

    /// Puts an address at the end; one that waits already loses its earlier place.
    mutating func append(_ address: IPAddress) {
        tickets[address] = nextTicket
        entries.append((address, nextTicket))
        nextTicket += 1
        compact()
    }

    /// Takes an address out, wherever it is.
    mutating func remove(_ address: IPAddress) {
        tickets[address] = nil
        compact()
    }

    /// Takes the address that has waited for longest.
    mutating func popFirst() -> IPAddress? {
        while head < entries.count {
            let entry = entries[head]
            head += 1
            guard tickets[entry.address] == entry.ticket else { continue }
            tickets[entry.address] = nil
            compact()
            return entry.address
        }
        return nil
    }

    /// Drops dead entries once they are the greater part, so that memory follows what waits.
    private mutating func compact() {
        guard entries.count > 32, entries.count > 2 * tickets.count else { return }
        entries = entries[head...].filter { tickets[$0.address] == $0.ticket }
        head = 0
    }
}
