/// How hard a pool was used, for whoever decides on its size.
public struct PoolUse: Sendable, Hashable {
    /// Name of the pool.
    public var pool: String
    /// The most addresses that were not free at one time: leased, or resting after a session.
    public var peak: Int
    /// When that was, in microseconds since 1970; nil where none ever was.
    public var peakAt: Int64?
    /// Requests for which no address was left, whatever became of them.
    public var refusals: Int
    /// The last of them, in microseconds since 1970; nil where there was none.
    public var lastRefusalAt: Int64?
    /// When counting began, in microseconds since 1970.
    public var since: Int64

    /// Makes a record from its parts.
    public init(pool: String, peak: Int, peakAt: Int64?, refusals: Int, lastRefusalAt: Int64?, since: Int64) {
        self.pool = pool
        self.peak = peak
        self.peakAt = peakAt
        self.refusals = refusals
        self.lastRefusalAt = lastRefusalAt
        self.since = since
    }
}
