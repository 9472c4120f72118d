/// A method of io.vipns: its name, and the types of its parameters and its reply.
public protocol ClientMethod {
    /// What is asked.
    associatedtype Parameters: Codable, Sendable
    /// What is answered.
    associatedtype Reply: Codable, Sendable
    /// The name with the interface.
    static var method: String { get }
}

/// The methods of io.vipns.
public enum Method {}

/// The methods that change something.
extension Method {
    /// Opens a session; root only.
    ///
    /// The network namespace comes as a descriptor with the reply.
    public enum Open: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Open"

        /// What came of an open.
        public enum Outcome: String, Codable, Sendable, CaseIterable {
            /// A session with an address.
            case granted
            /// The pool is empty: a session with a private loopback alone.
            case isolated
            /// The pool is empty: go on with the host's network; there is no session.
            case shared
        }

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// Whether the caller enters.
            public let mode: Session.Mode
            /// A name or a number; the caller where nil.
            public let user: String?
            /// The first pool where nil.
            public let pool: String?
            /// What asks, such as `sshd`.
            public let service: String?

            /// Puts the fields together.
            public init(mode: Session.Mode, user: String? = nil, pool: String? = nil, service: String? = nil) {
                self.mode = mode
                self.user = user
                self.pool = pool
                self.service = service
            }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// What came of it.
            public let outcome: Outcome
            /// The session, unless the host's network is shared.
            public let session: Session?
            /// The index of the descriptor that came with the reply.
            public let namespace: Int?
            /// What to tell the user.
            public let message: String?

            /// Puts the fields together.
            public init(outcome: Outcome, session: Session? = nil, namespace: Int? = nil, message: String? = nil) {
                self.outcome = outcome
                self.session = session
                self.namespace = namespace
                self.message = message
            }
        }
    }

    /// Says that the caller is in the session that it opened on this connection, and leads it.
    public enum Entered: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Entered"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// The id.
            public let session: String

            /// Puts the fields together.
            public init(session: String) {
                self.session = session
            }
        }

        /// Nothing is answered.
        public struct Reply: Codable, Sendable {
            /// Makes it.
            public init() {}
        }
    }

    /// Gives the network namespace of a living session; root only.
    public enum Join: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Join"

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
            /// The index of the descriptor that came with the reply.
            public let namespace: Int

            /// Puts the fields together.
            public init(session: Session, namespace: Int) {
                self.session = session
                self.namespace = namespace
            }
        }
    }

    /// Ends a session.
    public enum Close: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Close"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// Id, unique beginning of it, or address.
            public let session: String
            /// Replaces the pool's choice.
            public let leftovers: Session.Leftovers?

            /// Puts the fields together.
            public init(session: String, leftovers: Session.Leftovers? = nil) {
                self.session = session
                self.leftovers = leftovers
            }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// The session as it is now.
            public let session: Session

            /// Puts the fields together.
            public init(session: Session) {
                self.session = session
            }
        }
    }
}
