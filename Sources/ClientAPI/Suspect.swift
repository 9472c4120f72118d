/// Something that nobody may need any more; `type Suspect` of io.vipns.
public struct Suspect: Codable, Hashable, Sendable {
    /// What it is.
    public let kind: Kind
    /// The session that it is, or was, of; nil where that cannot be told.
    public let session: String?
    /// The number of the namespace.
    public let number: Int32?
    /// The pool of the address.
    public let pool: String?
    /// The address.
    public let address: String?
    /// When it was first seen, in microseconds since 1970 UTC.
    public let since: Int64
    /// When it is freed if it is still so, in microseconds since 1970 UTC.
    public let due: Int64
    /// Whether it was freed just now.
    public let freed: Bool
    /// Why it is suspected.
    public let text: String

    /// What it is.
    public enum Kind: String, Codable, Sendable, CaseIterable {
        /// A session whose namespace is gone, though nobody said so.
        case session
        /// A pin, a name or a link of no session.
        case remains
        /// An address that is taken and that no session has.
        case address
    }

    /// Puts the fields together.
    public init(
        kind: Kind, session: String? = nil, number: Int32? = nil, pool: String? = nil, address: String? = nil,
        since: Int64, due: Int64, freed: Bool, text: String
    ) {
        self.kind = kind
        self.session = session
        self.number = number
        self.pool = pool
        self.address = address
        self.since = since
        self.due = due
        self.freed = freed
        self.text = text
    }
}
