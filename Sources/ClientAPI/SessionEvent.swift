/// Something that happened to a session; `type Event` of io.vipns.
public struct SessionEvent: Codable, Hashable, Sendable {
    /// When, in microseconds since 1970 UTC.
    public let time: Int64
    /// What happened.
    public let kind: Kind
    /// The session, as it was afterwards.
    public let session: Session?
    /// What else there is to say, for people.
    public let text: String?

    /// What happened; a newer service may know more kinds.
    public struct Kind: RawRepresentable, Codable, Hashable, Sendable {
        /// The word on the wire.
        public let rawValue: String
        /// Takes any word.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// A session was opened.
        public static let opened = Kind(rawValue: "opened")
        /// A leader entered.
        public static let entered = Kind(rawValue: "entered")
        /// The last leader ended, other processes did not.
        public static let lingering = Kind(rawValue: "lingering")
        /// A session began to end.
        public static let closing = Kind(rawValue: "closing")
        /// A session is gone; its address rests.
        public static let closed = Kind(rawValue: "closed")
        /// An address may be granted again.
        public static let freed = Kind(rawValue: "freed")
        /// A session was refused.
        public static let refused = Kind(rawValue: "refused")
        /// What somebody had taken away was made anew.
        public static let healed = Kind(rawValue: "healed")
        /// Something is not as it should be, and cannot be mended.
        public static let alarm = Kind(rawValue: "alarm")
        /// The collector has found what nobody may need any more.
        public static let suspected = Kind(rawValue: "suspected")
        /// The collector has freed it.
        public static let collected = Kind(rawValue: "collected")
        /// Something went wrong.
        public static let failed = Kind(rawValue: "failed")
    }

    /// Puts the fields together.
    public init(time: Int64, kind: Kind, session: Session? = nil, text: String? = nil) {
        self.time = time
        self.kind = kind
        self.session = session
        self.text = text
    }
}
