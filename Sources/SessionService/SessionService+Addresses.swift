internal import Addressing
internal import ClientAPI
internal import Leasing
internal import SessionPlan

extension SessionService {
    /// The addresses of a pool in the order of its ranges, and why each is in its state.
    ///
    /// What is free in a row is one entry, so a great pool costs no more than its use. Addresses that the pool has no more,
    /// but whose sessions live on, come last.
    func addresses(ofPool name: String, _ caller: Caller) throws(ServiceError) -> [PoolAddress] {
        guard let state = pools[name] else { throw .poolNotFound(pool: name) }
        var holders: [IPAddress: LiveSession] = [:]
        for live in sessions.values {
            if let address = live.lease.address { holders[address] = live }
        }
        // Both ascend, so one pass is enough.
        var taken = state.allocator.inUse[...]
        var entries: [PoolAddress] = []
        for range in state.pool.ranges {
            var free = range.first.bits
            while let address = taken.first, address <= range.last {
                taken = taken.dropFirst()
                guard range.contains(address) else { continue }
                entries.append(free: free, upTo: address.bits, in: range)
                entries.append(PoolAddress(address, holders[address], pool: name, caller))
                free = address.bits + 1
            }
            entries.append(free: free, upTo: range.last.bits + 1, in: range)
        }
        let strays = holders.filter { address, live in
            live.lease.pool == name && !state.pool.ranges.contains { $0.contains(address) }
        }
        for (address, live) in strays.sorted(by: { $0.key < $1.key }) {
            entries.append(PoolAddress(address, live, pool: nil, caller))
        }
        return entries
    }
}

extension [PoolAddress] {
    /// Adds what lies between two addresses in use, by their numbers; `end` is not part of it.
    fileprivate mutating func append(free first: UInt128, upTo end: UInt128, in range: IPRange) {
        guard first < end, let first = IPAddress(family: range.first.family, bits: first),
            let last = IPAddress(family: range.first.family, bits: end - 1)
        else { return }
        append(PoolAddress(first: first.description, last: last.description, state: .free))
    }
}

extension PoolAddress {
    /// An address in use and what is known of its session; `pool` is nil where the address is of the pool no more.
    fileprivate init(_ address: IPAddress, _ live: LiveSession?, pool: String?, _ caller: Caller) {
        let text = address.description
        guard let live else {
            // Its session is over, and its row is about to go: only then may it be granted again.
            self.init(first: text, last: text, state: .held, text: "its lease is being deleted")
            return
        }
        let state: State =
            switch live.plan.state {
            case .allocating, .active, .lingering, .closing: .leased
            case .held, .ended: .held
            case .quarantined: .quarantined
            }
        let isVisible = caller.maySee(live.lease)
        self.init(
            first: text, last: text, state: state, session: isVisible ? Session(live) : nil,
            text: isVisible || state == .quarantined ? live.remark(state, pool: pool) : nil)
    }
}

extension LiveSession {
    /// What its state alone does not tell of its address; nil where that is nothing.
    fileprivate func remark(_ state: PoolAddress.State, pool: String?) -> String? {
        var remarks: [String] = []
        if state == .quarantined {
            remarks.append(lastFailure.text.isEmpty ? "another link has its MAC address" : lastFailure.text)
        }
        if pool == nil {
            remarks.append("not of the pool any more: it is not granted again")
        } else if lease.pool != pool {
            remarks.append("granted by pool '\(lease.pool)'")
        }
        return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }
}
