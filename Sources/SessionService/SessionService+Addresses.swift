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
            for address in live.lease.addresses { holders[address.address] = live }
        }
        let spans = AddressSpans(state.pool)
        var entries: [PoolAddress] = []
        var free: UInt128 = 0
        for place in state.allocator.placesInUse {
            entries += spans.free(from: free, to: place)
            // Two only where a pair of an earlier configuration lies across the pairs of today.
            let ids = Set(state.pool.addresses(at: place).compactMap { holders[$0.address]?.lease.session })
            if let span = spans.used(place) {
                let living = ids.isEmpty ? [nil] : ids.map { sessions[$0] }
                entries += living.map { PoolAddress(span, $0, pool: name, caller) }
            }
            free = place + 1
        }
        entries += spans.free(from: free, to: state.pool.total)
        let strays = sessions.values.filter { live in
            live.lease.pool == name && !live.lease.addresses.contains { state.allocator.contains($0.address) }
        }
        for live in strays.sorted(by: { $0.lease.number < $1.lease.number }) {
            guard let address = live.lease.address else { continue }
            let paired = live.lease.pairedAddress
            let span = AddressSpan(first: address, last: address, pairedFirst: paired, pairedLast: paired)
            entries.append(PoolAddress(span, live, pool: nil, caller))
        }
        return entries
    }
}

/// Addresses in a row, and what the first and the last of them are paired with.
private struct AddressSpan {
    let first: IPAddress
    let last: IPAddress
    let pairedFirst: IPAddress?
    let pairedLast: IPAddress?
}

/// The places of a pool as addresses.
private struct AddressSpans {
    private let pool: Pool
    private let rangeStarts: [UInt128]

    init(_ pool: Pool) {
        self.pool = pool
        self.rangeStarts = pool.rangeStarts
    }

    /// The entries for free places from one on to another that is not part of them: one each up to where a range ends.
    func free(from start: UInt128, to end: UInt128) -> [PoolAddress] {
        guard start < end else { return [] }
        let starts = [start] + rangeStarts.filter { start < $0 && $0 < end }
        return zip(starts, starts.dropFirst() + [end]).compactMap { first, next in
            span(from: first, to: next - 1).map { PoolAddress($0, .free) }
        }
    }

    /// A place in use.
    func used(_ place: UInt128) -> AddressSpan? { span(from: place, to: place) }

    /// The addresses of places in one range; nil past the pool's end.
    private func span(from start: UInt128, to end: UInt128) -> AddressSpan? {
        let (first, last) = (pool.addresses(at: start).map(\.address), pool.addresses(at: end).map(\.address))
        guard let low = first.first, let high = last.first else { return nil }
        return AddressSpan(
            first: low, last: high, pairedFirst: first.dropFirst().first, pairedLast: last.dropFirst().first)
    }
}

extension PoolAddress {
    fileprivate init(_ span: AddressSpan, _ state: State, session: Session? = nil, text: String? = nil) {
        self.init(
            first: span.first.description, last: span.last.description, pairedFirst: span.pairedFirst?.description,
            pairedLast: span.pairedLast?.description, state: state, session: session, text: text)
    }

    /// An address in use and what is known of its session; `pool` is nil where the address is of the pool no more.
    fileprivate init(_ span: AddressSpan, _ live: LiveSession?, pool: String?, _ caller: Caller) {
        guard let live else {
            // Its session is over, and its row is about to go: only then may it be granted again.
            self.init(span, .held, text: "its lease is being deleted")
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
            span, state, session: isVisible ? Session(live) : nil,
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
        if let claim { remarks.append(claim) }
        if pool == nil {
            remarks.append("not of the pool any more: it is not granted again")
        } else if lease.pool != pool {
            remarks.append("granted by pool '\(lease.pool)'")
        }
        return remarks.isEmpty ? nil : remarks.joined(separator: "; ")
    }
}
