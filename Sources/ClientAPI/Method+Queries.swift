/// The methods that tell something.
extension Method {
    /// All sessions that the caller may see; with `more` in several replies.
    public enum List: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.List"

        /// Nothing is asked.
        public struct Parameters: Codable, Sendable {
            /// Makes it.
            public init() {}
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// A hundred at most with `more`.
            public let sessions: [Session]

            /// Puts the fields together.
            public init(sessions: [Session]) {
                self.sessions = sessions
            }
        }
    }

    /// One session and the processes in its namespace.
    public enum Show: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Show"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// Id, unique beginning of it, or address.
            public let session: String

            /// Puts the fields together.
            public init(session: String) {
                self.session = session
            }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// The session.
            public let session: Session
            /// The processes in its namespace.
            public let members: [Int32]

            /// Puts the fields together.
            public init(session: Session, members: [Int32]) {
                self.session = session
                self.members = members
            }
        }
    }

    /// All pools and what is left of them.
    public enum Pools: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Pools"

        /// Nothing is asked.
        public struct Parameters: Codable, Sendable {
            /// Makes it.
            public init() {}
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// In the order of the configuration.
            public let pools: [PoolStatus]

            /// Puts the fields together.
            public init(pools: [PoolStatus]) {
                self.pools = pools
            }
        }
    }

    /// What is remembered, newest first; with `more` in several replies.
    public enum History: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.History"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// Only of this address.
            public let address: String?
            /// Only of this user.
            public let user: String?
            /// Only what lived then, in microseconds since 1970 UTC.
            public let at: Int64?
            /// Only what had not ended before then, in microseconds since 1970 UTC.
            public let since: Int64?
            /// Only what was opened before then, in microseconds since 1970 UTC.
            public let until: Int64?
            /// At most so many.
            public let limit: Int?

            /// Puts the fields together.
            public init(
                address: String? = nil, user: String? = nil, at: Int64? = nil, since: Int64? = nil,
                until: Int64? = nil, limit: Int? = nil
            ) {
                self.address = address
                self.user = user
                self.at = at
                self.since = since
                self.until = until
                self.limit = limit
            }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// A hundred at most with `more`.
            public let records: [HistoryEntry]

            /// Puts the fields together.
            public init(records: [HistoryEntry]) {
                self.records = records
            }
        }
    }

    /// What happens, as it happens; must be called with `more`, and the first reply is empty.
    public enum Watch: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Watch"

        /// Nothing is asked.
        public struct Parameters: Codable, Sendable {
            /// Makes it.
            public init() {}
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// nil in the first reply.
            public let event: SessionEvent?

            /// Puts the fields together.
            public init(event: SessionEvent? = nil) {
                self.event = event
            }
        }
    }
}
