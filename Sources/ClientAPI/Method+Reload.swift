extension Method {
    /// Reads the configuration again and applies all of it or nothing; root only.
    public enum Reload: ClientMethod {
        /// The name on the wire.
        public static let method = "io.vipns.Reload"

        /// Nothing is asked.
        public struct Parameters: Codable, Sendable {
            /// Makes it.
            public init() {}
        }

        /// What is answered.
        public struct Reply: Codable, Sendable {
            /// The configuration's path.
            public let file: String
            /// What is doubtful in it.
            public let warnings: [Problem]

            /// Puts the fields together.
            public init(file: String, warnings: [Problem]) {
                self.file = file
                self.warnings = warnings
            }
        }
    }
}
