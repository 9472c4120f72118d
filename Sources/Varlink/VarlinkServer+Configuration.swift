extension VarlinkServer {
    /// What the service says about itself; org.varlink.service.GetInfo.
    public struct Identity: Sendable {
        /// Who makes it.
        public let vendor: String
        /// What it is called.
        public let product: String
        /// Its version.
        public let version: String
        /// Where to read about it.
        public let url: String

        /// Puts the four together.
        public init(vendor: String, product: String, version: String, url: String) {
            self.vendor = vendor
            self.product = product
            self.version = version
            self.url = url
        }
    }

    /// How much clients may take of the server.
    public struct Limits: Sendable {
        /// Connections at once; root's neither count nor are refused.
        public var connections = 1024
        /// Connections at once of one user; root is exempt.
        public var connectionsPerUser = 64
        /// The longest request.
        public var requestOctets = 64 << 10
        /// The longest request of anybody but root.
        public var userRequestOctets = 4 << 10
        /// The longest text in such a request, as it stands there.
        public var userTextOctets = 1 << 10
        /// The longest reply.
        public var replyOctets = 1 << 20
        /// Calls that a client may send ahead of their replies.
        public var waitingCalls = 64
        /// Calls of one user that are begun before others have their turn; root is exempt.
        public var callsPerTurn = 4
        /// The octets of all those calls.
        public var waitingOctets = 256 << 10
        /// What may wait for a client that does not read, beyond the socket's own buffer.
        public var queuedOctets = 2 << 20
        /// From the first octet of a request to its last, and between two moments at which a waiting reply moves on.
        public var patience = Duration.seconds(5)
        /// How long no connection is accepted after the process or the system ran out of descriptors.
        public var acceptPause = Duration.milliseconds(100)

        /// The defaults.
        public init() {}
    }
}
