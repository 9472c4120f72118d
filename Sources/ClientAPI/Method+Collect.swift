extension Method {
    /// Has the collector look for what nobody may need any more; root only.
    public enum Collect: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Collect"

        /// What is asked.
        public struct Parameters: Codable, Sendable {
            /// Whether nothing is to be freed.
            public let dryRun: Bool

            /// Puts the fields together.
            public init(dryRun: Bool) { self.dryRun = dryRun }
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// What is suspected, the oldest first, and what was freed.
            public let suspects: [Suspect]

            /// Puts the fields together.
            public init(suspects: [Suspect]) { self.suspects = suspects }
        }
    }
}
