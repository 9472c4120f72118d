public import Addressing

/// What a store knows when the service starts.
public struct StoredState: Sendable, Hashable {
    /// Every lease of this boot, in the order of their numbers.
    public var leases: [Lease]
    /// The highest namespace number that this boot has used.
    public var lastNumber: UInt32
    /// Addresses whose last use has ended, the longest free first; none that is leased.
    public var released: [IPAddress]
    /// Sessions of another boot whose leases were ended just now.
    public var endedByReboot: Set<SessionID>

    /// The number before the first of a boot: the kernel picks its own from the bottom, ours start at 2^20.
    public static let numberBeforeFirst: UInt32 = (1 << 20) - 1

    /// Makes a state from its parts.
    public init(
        leases: [Lease], lastNumber: UInt32, released: [IPAddress], endedByReboot: Set<SessionID> = []
    ) {
        self.leases = leases
        self.lastNumber = lastNumber
        self.released = released
        self.endedByReboot = endedByReboot
    }
}

/// Keeps leases and history across restarts of the service and of the machine.
///
/// What a call has stored when it returns outlives the end of the process. Intents, ends and refusals outlive a power cut
/// too; leases need not, for they mean nothing in another boot.
public protocol LeaseStore: Sendable {
    /// Ends what another boot has left, and gives what this boot has stored; once, before all other calls.
    ///
    /// Leases of another boot are deleted, their open history is closed with the reason "ended by reboot" at `nowReal`
    /// (no boot time: nobody knows it), and numbers start again. `nowReal` is in microseconds since 1970, `nowBoot` of
    /// CLOCK_BOOTTIME.
    func open(boot bootID: String, nowReal: Int64, nowBoot: Int64) async throws(LeaseStoreError) -> StoredState

    /// Stores a lease, its open history record and its number in one durable transaction, before anything is done.
    ///
    /// - Throws: `addressTaken` where another lease has the address; then nothing is stored.
    func storeIntent(_ lease: Lease) async throws(LeaseStoreError)

    /// Stores phase, cookie, leaders and hold time of a lease; one that is not stored is left so.
    func update(_ lease: Lease) async throws(LeaseStoreError)

    /// Closes the history record, if it is open, and stores the lease's phase and hold time: its network is proved gone.
    ///
    /// `real` is in microseconds since 1970, `boot` of CLOCK_BOOTTIME. `failed`: nobody ever had the session, so the
    /// record's outcome becomes `failed`.
    func recordEnd(
        _ lease: Lease, at real: Int64, boot: Int64, reason: String, failed: Bool
    ) async throws(LeaseStoreError)

    /// Deletes a lease: its address may be granted again. Deleting it twice is harmless.
    func release(_ session: SessionID) async throws(LeaseStoreError)

    /// Stores the history record of a request that got no session of its own.
    ///
    /// It counts as a refusal of its pool where its outcome is `shared` or `denied`, as an isolated session's intent does.
    func recordRefusal(_ record: HistoryRecord) async throws(LeaseStoreError)

    /// The history records that match, newest first.
    func history(_ query: HistoryQuery) async throws(LeaseStoreError) -> [HistoryRecord]

    /// Forgets `most` records at most that `limit` says are old, the longest ended first; where it includes former boots,
    /// also what was counted of pools on days before it.
    ///
    /// - Returns: how many records; fewer than `most` where no more are left.
    func forgetHistory(_ limit: HistoryLimit, atMost most: Int) async throws(LeaseStoreError) -> Int

    /// Stores that so many addresses of a pool were not free at `real`, where that is more than on the day before then.
    ///
    /// `real` is in microseconds since 1970.
    func recordPeak(_ addresses: Int, ofPool pool: String, at real: Int64) async throws(LeaseStoreError)

    /// How hard each pool was used, by name; pools of which nothing is known are missing.
    func poolUse() async throws(LeaseStoreError) -> [PoolUse]
}

extension LeaseStore {
    /// Stores the end of a session that somebody had.
    public func recordEnd(
        _ lease: Lease, at real: Int64, boot: Int64, reason: String
    ) async throws(LeaseStoreError) {
        try await recordEnd(lease, at: real, boot: boot, reason: reason, failed: false)
    }
}
