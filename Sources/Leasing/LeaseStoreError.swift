public import Addressing

/// Why a lease store could not do what it was asked.
public struct LeaseStoreError: Error, Hashable, CustomStringConvertible {
    /// The facts behind a failure.
    public enum Cause: Hashable, Sendable, CustomStringConvertible {
        /// Another lease has this address.
        case addressTaken(IPAddress)
        /// What is stored has a format that only a later version knows.
        case newerFormat
        /// The storage failed, with its own words for it.
        case storage(String)

        /// The cause as the end of a sentence.
        public var description: String {
            switch self {
            case .addressTaken(let address): "address '\(address)' is leased already"
            case .newerFormat:
                "written by a newer vipns (install that version again; or, once no session lives, move the file away)"
            case .storage(let message): message
            }
        }
    }

    /// What was tried, as it follows "cannot".
    public let operation: String
    /// Where the store is: a path or an endpoint.
    public let subject: String
    /// Why it failed.
    public let cause: Cause

    /// Makes an error that reads "cannot `operation` 'subject': `cause`".
    public init(operation: String, subject: String, cause: Cause) {
        self.operation = operation
        self.subject = subject
        self.cause = cause
    }

    /// The address that another lease has, where that is the cause.
    public var takenAddress: IPAddress? {
        guard case .addressTaken(let address) = cause else { return nil }
        return address
    }

    /// One sentence for an administrator.
    public var description: String { "cannot \(operation) '\(subject)': \(cause)" }
}
