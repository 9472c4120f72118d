public import Addressing
public import Leasing
public import Testing

/// The address with this text; a test that misspells it fails there.
public func address(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> IPAddress {
    try #require(IPAddress(text), sourceLocation: sourceLocation)
}

/// The session with this name.
public func session(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) throws -> SessionID {
    try #require(SessionID(text), sourceLocation: sourceLocation)
}

/// What stands on a session's link; the gateway is none where no text is given.
public func sessionAddress(
    _ text: String, gateway: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws -> SessionAddress {
    let prefix = try #require(IPPrefix(text), sourceLocation: sourceLocation)
    return SessionAddress(prefix: prefix, gateway: try gateway.map { try address($0) })
}

/// A lease that differs from others only where a test says so; `nth` sets its number and its time.
public func lease(
    _ id: String, _ text: String?, boot: String = "boot-1", nth: UInt32 = 1, user: String = "alice", uid: UInt32 = 1000,
    openedAt: Int64? = nil, phase: LeasePhase = .allocating
) throws -> Lease {
    Lease(
        session: try session(id), bootID: boot, number: StoredState.numberBeforeFirst + nth, pool: "lab",
        addresses: try text.map { [try sessionAddress("\($0)/24")] } ?? [], parent: "eth1", macvlanMode: .bridge,
        user: user,
        uid: uid, service: "sshd", mode: .enter, leftovers: .wait, phase: phase,
        openedAt: openedAt ?? Int64(nth) * 1_000_000, openedBoot: Int64(nth) * 1000)
}

extension LeaseStore {
    /// Opens for the boot that most rules play in.
    public func openBoot1() async throws -> StoredState {
        try await open(boot: "boot-1", nowReal: 50_000_000, nowBoot: 50_000)
    }

    /// Opens, ends and releases a session.
    public func use(_ lease: Lease, until real: Int64) async throws {
        try await storeIntent(lease)
        try await recordEnd(lease, at: real, boot: real / 1000, reason: "last leader ended")
        try await release(lease.session)
    }

    /// The history without the positions, which are each store's own.
    func plainHistory(_ query: HistoryQuery = HistoryQuery()) async throws -> [HistoryRecord] {
        try await history(query).map { record in
            var record = record
            record.position = nil
            return record
        }
    }
}
