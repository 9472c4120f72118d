public import Addressing

/// What a damaged store still tells, and what is put into a new one.
public struct SalvagedStore: Sendable, Hashable {
    /// The leases that are as they were written.
    public var leases: [Lease] = []
    /// The records of history, ascending; those of a store have a position.
    public var history: [HistoryRecord] = []
    /// Addresses whose last use has ended, oldest end first.
    public var released: [IPAddress] = []
    /// The use of pools, as the store has it.
    public var use: [[UseValue]] = []
    /// The highest number that is told of, in whatever boot.
    public var lastNumber: UInt32 = StoredState.numberBeforeFirst
    /// What is wrong with it, a sentence each; none where nothing is.
    public var complaints: [String] = []
    /// Whether rows may be missing that nothing tells of.
    public var mayLackRows = false

    /// One value of a row that is passed on unread.
    public enum UseValue: Sendable, Hashable {
        /// A text.
        case text(String)
        /// A number.
        case number(Int64)
        /// NULL.
        case none
    }

    /// Nothing is known.
    public init() {}
}
