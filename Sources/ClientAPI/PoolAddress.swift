/// Addresses of a pool that are in one state, and why; `type PoolAddress` of io.vipns.
public struct PoolAddress: Codable, Hashable, Sendable {
    /// Where an address stands; `type AddressState` of io.vipns.
    public enum State: String, Codable, Sendable, CaseIterable {
        /// It may be granted now.
        case free
        /// It is of a session that is not wholly gone.
        case leased
        /// It rests after its session.
        case held
        /// It rests longer, because something else has it.
        case quarantined
    }

    /// The first of them.
    public let first: String
    /// The last of them.
    public let last: String
    /// What the first one is paired with; nil where the pool has one family.
    public let pairedFirst: String?
    /// What the last one is paired with.
    public let pairedLast: String?
    /// Their state.
    public let state: State
    /// Whose address it is, or was last; nil where none is, or one that the caller may not see.
    public let session: Session?
    /// What else there is to say, for people.
    public let text: String?

    /// Puts the fields together.
    public init(
        first: String, last: String, pairedFirst: String? = nil, pairedLast: String? = nil, state: State,
        session: Session? = nil, text: String? = nil
    ) {
        self.first = first
        self.last = last
        self.pairedFirst = pairedFirst
        self.pairedLast = pairedLast
        self.state = state
        self.session = session
        self.text = text
    }
}

extension Method {
    /// The addresses of a pool and why each is in its state; with `more` in several replies.
    public enum Addresses: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Addresses"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// The pool's name.
            public let pool: String

            /// Puts the fields together.
            public init(pool: String) {
                self.pool = pool
            }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// In the order of the pool's ranges; a hundred at most with `more`.
            public let addresses: [PoolAddress]

            /// Puts the fields together.
            public init(addresses: [PoolAddress]) {
                self.addresses = addresses
            }
        }
    }
}
