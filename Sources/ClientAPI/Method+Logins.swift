/// The methods for login programs.
extension Method {
    /// What came of a login.
    public enum LoginOutcome: String, Codable, Sendable, CaseIterable {
        /// A session with an address, in user scope perhaps one that the user has already.
        case granted
        /// The pool is empty: a session with a private loopback alone.
        case isolated
        /// The pool is empty: go on with the host's network; there is no session.
        case shared
        /// No rule is for this login: it goes on where it stands.
        case alone
        /// It stays in the session that it stands in.
        case kept
        /// It leaves the session that it stands in for the host's network.
        case host
    }

    /// What PAM knows of a login; pam_get_item(3).
    public struct LoginParameters: Codable, Sendable {
        /// PAM_USER.
        public let user: String
        /// PAM_SERVICE.
        public let service: String
        /// PAM_TTY, where there is one.
        public let tty: String?
        /// PAM_RHOST, where there is one: a name or an address.
        public let remoteHost: String?

        /// Puts the fields together.
        public init(user: String, service: String, tty: String? = nil, remoteHost: String? = nil) {
            self.user = user
            self.service = service
            self.tty = tty
            self.remoteHost = remoteHost
        }
    }

    /// Opens what the rules say for a login, or leaves it alone; root only.
    public enum Login: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Login"
        /// What is asked.
        public typealias Parameters = LoginParameters

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// What came of it.
            public let outcome: LoginOutcome
            /// The session that the login is in from now on, or stays in.
            public let session: Session?
            /// The index of the descriptor that came with the reply: the network namespace to enter.
            public let namespace: Int?
            /// What to tell the user.
            public let message: String?

            /// Puts the fields together.
            public init(
                outcome: LoginOutcome, session: Session? = nil, namespace: Int? = nil, message: String? = nil
            ) {
                self.outcome = outcome
                self.session = session
                self.namespace = namespace
                self.message = message
            }
        }
    }

    /// Tells whether a login would be refused now for want of an address; root only.
    public enum CheckLogin: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.CheckLogin"
        /// What is asked.
        public typealias Parameters = LoginParameters

        /// Nothing is answered: it would not be refused.
        public struct Reply: Codable, Sendable {
            /// Makes it.
            public init() {}
        }
    }

    /// Says that the caller leads the session no more.
    public enum Leave: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Leave"

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
}
