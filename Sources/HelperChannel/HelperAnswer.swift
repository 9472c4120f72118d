public import Addressing
internal import CProtocol
public import Netlink

/// One datagram from the helper: an answer, a part of one, or an event.
public enum HelperAnswer: Hashable, Sendable {
    /// Done, with nothing to tell but the descriptor that may come along; or the end of an answer in parts.
    case done
    /// The request failed.
    case failed(HelperFailure)
    /// First message: the version that the sender speaks.
    case hello(version: UInt32)
    /// The namespace's cookie.
    case cookie(UInt64)
    /// How many processes are left.
    case count(UInt32)
    /// Whether the kernel still knows the number, and the namespace's inode where the pin led to it.
    case alive(Bool, inode: UInt64?)
    /// A part of the list of members.
    case members([Member])
    /// A part of the list of what the kernel knows.
    case found(Found)
    /// A part of the list of whole pins; the first tells the rest of the audit, too.
    case audited([SessionID], Audit?)
    /// A part of the list of what could be pinned.
    case pinned([SessionID])
    /// What was made anew of a session's network; nil where nothing was missing.
    case restored(String?)
    /// A part of the list of holders.
    case holders([Holder])
    /// A session's link as the kernel has it; nil where it has none, or none with an address.
    case link(SessionLink?)
    /// Event: the namespace of this number is gone.
    case gone(number: UInt32)
    /// Event: somebody took something away in the namespace of this number.
    case changed(number: UInt32)
    /// Event: another machine answers for an IPv4 address that was just announced.
    case claimed(IPAddress, by: MACAddress)
    /// Event: events were lost.
    case overrun

    /// A process in a namespace of ours.
    public struct Member: Hashable, Sendable {
        /// The namespace's number.
        public let number: UInt32
        /// The process, as numbered where the helper runs.
        public let pid: Int32

        /// Puts the two together.
        public init(number: UInt32, pid: Int32) {
            self.number = number
            self.pid = pid
        }
    }

    /// What the helper found of its own.
    public struct Audit: Hashable, Sendable {
        /// Whether clients that connect reach the listener that was handed over last.
        public let isListening: Bool
        /// What was missing, and was made anew.
        public let mended: String?

        /// Puts the two together.
        public init(isListening: Bool, mended: String?) {
            self.isListening = isListening
            self.mended = mended
        }
    }

    /// A process that keeps a namespace alive from outside.
    public struct Holder: Hashable, Sendable {
        /// What it does so by.
        public enum Means: UInt32, Hashable, Sendable, CaseIterable {
            /// A descriptor of the namespace.
            case descriptor
            /// A mount of it, in the process's own mount namespace.
            case mount
            /// A socket that was made in it, or accepted from a client in it.
            case socket
        }

        /// The namespace's number.
        public let number: UInt32
        /// The process, as numbered where the helper runs.
        public let pid: Int32
        /// What it holds.
        public let means: Means
        /// The name of its program, 15 octets at most; proc_pid_comm(5).
        public let program: String

        /// Puts the facts together.
        public init(number: UInt32, pid: Int32, means: Means, program: String) {
            self.number = number
            self.pid = pid
            self.means = means
            self.program = program
        }
    }

    /// A pin, a name, a living number, or several of them.
    public struct Found: Hashable, Sendable {
        /// The pin's name.
        public let session: SessionID?
        /// The namespace's number.
        public let number: UInt32?
        /// The namespace's cookie.
        public let cookie: UInt64?
        /// Whether the namespace has its link.
        public let hasLink: Bool

        /// Puts the facts together.
        public init(session: SessionID?, number: UInt32?, cookie: UInt64?, hasLink: Bool) {
            self.session = session
            self.number = number
            self.cookie = cookie
            self.hasLink = hasLink
        }
    }
}

/// Why the helper could not do what it was asked.
public struct HelperFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// The errno; EADDRINUSE means that another link has the session's MAC address.
    public let errno: Int32
    /// What was tried, on what, why it failed.
    public let description: String

    /// Puts the two together.
    public init(errno: Int32, description: String) {
        self.errno = errno
        self.description = description
    }
}

extension HelperAnswer {
    private var type: vipns_message {
        switch self {
        case .done: VIPNS_MSG_DONE
        case .failed: VIPNS_MSG_ERROR
        case .hello: VIPNS_MSG_HELLO
        case .cookie: VIPNS_MSG_MAKE
        case .count: VIPNS_MSG_KILL
        case .alive: VIPNS_MSG_DISMANTLE
        case .members: VIPNS_MSG_MEMBERS
        case .found: VIPNS_MSG_LIST
        case .audited: VIPNS_MSG_AUDIT
        case .pinned: VIPNS_MSG_PIN
        case .restored: VIPNS_MSG_RESTORE
        case .holders: VIPNS_MSG_HOLDERS
        case .link: VIPNS_MSG_LOOK
        case .gone: VIPNS_MSG_GONE
        case .changed: VIPNS_MSG_CHANGED
        case .claimed: VIPNS_MSG_CLAIMED
        case .overrun: VIPNS_MSG_OVERRUN
        }
    }

    /// How many members fit one datagram.
    static let membersPerPart = (Int(VIPNS_MESSAGE_SIZE) - 64) / 8

    /// A long list of members as parts that each fit one datagram.
    public static func parts(_ members: [Member]) -> [HelperAnswer] {
        stride(from: 0, to: members.count, by: membersPerPart).map { start in
            .members(Array(members[start..<min(start + membersPerPart, members.count)]))
        }
    }

    /// How many sessions, or holders, one part has at most.
    static let entriesPerPart = 1024

    /// What an audit found, as parts that each fit one datagram; one at least.
    public static func parts(whole: [SessionID], _ audit: Audit) -> [HelperAnswer] {
        let rest = split(whole.dropFirst(entriesPerPart)).map { HelperAnswer.audited($0, nil) }
        return [.audited(Array(whole.prefix(entriesPerPart)), audit)] + rest
    }

    /// Sessions that are pinned as parts that each fit one datagram.
    public static func parts(pinned: [SessionID]) -> [HelperAnswer] { split(pinned[...]).map { .pinned($0) } }

    /// Holders as parts that each fit one datagram.
    public static func parts(_ holders: [Holder]) -> [HelperAnswer] { split(holders[...]).map { .holders($0) } }

    private static func split<Entry>(_ entries: ArraySlice<Entry>) -> [[Entry]] {
        stride(from: entries.startIndex, to: entries.endIndex, by: entriesPerPart).map { start in
            Array(entries[start..<min(start + entriesPerPart, entries.endIndex)])
        }
    }

    /// The answer as one datagram; sequence 0 for an event.
    ///
    /// - Throws: a ``HelperChannelError`` where it does not fit.
    public func encoded(sequence: UInt32) throws(HelperChannelError) -> [UInt8] {
        try HelperMessage.encode(type, sequence: sequence) { message in
            switch self {
            case .done, .overrun: break
            case .failed(let failure):
                message.put(VIPNS_ATTR_ERRNO.rawValue, UInt32(bitPattern: failure.errno))
                message.put(VIPNS_ATTR_TEXT.rawValue, String(failure.description.prefix(1000)))
            case .hello(let version): message.put(VIPNS_ATTR_VERSION.rawValue, version)
            case .cookie(let cookie): message.put(VIPNS_ATTR_COOKIE.rawValue, cookie)
            case .count(let count): message.put(VIPNS_ATTR_COUNT.rawValue, count)
            case .alive(let alive, let inode):
                message.put(VIPNS_ATTR_ALIVE.rawValue, UInt8(alive ? 1 : 0))
                if let inode { message.put(VIPNS_ATTR_INODE.rawValue, inode) }
            case .members(let members): message.put(members)
            case .found(let found): message.put(found)
            case .audited(let whole, let audit): message.put(whole, audit)
            case .pinned(let sessions): message.put(sessions)
            case .restored(let what): message.put(text: what)
            case .holders(let holders): message.put(holders)
            case .link(let link): if let link { message.put(link) }
            case .gone(let number), .changed(let number): message.put(VIPNS_ATTR_NUMBER.rawValue, number)
            case .claimed(let address, let mac):
                message.put(VIPNS_ATTR_ADDRESS.rawValue, octets: address.octets)
                message.put(VIPNS_ATTR_MAC.rawValue, octets: mac.octets)
            }
        }
    }

    /// Reads one datagram of the helper.
    ///
    /// - Throws: what breaks the protocol.
    public static func decode(
        _ datagram: [UInt8]
    ) throws(HelperChannelError) -> (sequence: UInt32, answer: HelperAnswer) {
        var fields = try HelperMessage.Fields(datagram)
        let answer = try HelperAnswer(&fields)
        try fields.finish()
        return (fields.sequence, answer)
    }

    private init(_ fields: inout HelperMessage.Fields) throws(HelperChannelError) {
        switch fields.type {
        case VIPNS_MSG_DONE: self = .done
        case VIPNS_MSG_ERROR:
            let errno: UInt32 = try fields.number(VIPNS_ATTR_ERRNO)
            let text = try fields.text(VIPNS_ATTR_TEXT)
            self = .failed(HelperFailure(errno: Int32(truncatingIfNeeded: errno), description: text))
        case VIPNS_MSG_HELLO: self = .hello(version: try fields.number(VIPNS_ATTR_VERSION))
        case VIPNS_MSG_MAKE: self = .cookie(try fields.number(VIPNS_ATTR_COOKIE))
        case VIPNS_MSG_KILL: self = .count(try fields.number(VIPNS_ATTR_COUNT))
        case VIPNS_MSG_DISMANTLE: self = try fields.alive()
        case VIPNS_MSG_MEMBERS: self = .members(try fields.members())
        case VIPNS_MSG_LIST: self = .found(try fields.found())
        case VIPNS_MSG_AUDIT: self = try fields.audited()
        case VIPNS_MSG_PIN: self = .pinned(try fields.sessions())
        case VIPNS_MSG_RESTORE: self = .restored(try fields.optionalText(VIPNS_ATTR_TEXT))
        case VIPNS_MSG_HOLDERS: self = .holders(try fields.holders())
        case VIPNS_MSG_LOOK: self = .link(try fields.link())
        case VIPNS_MSG_GONE: self = .gone(number: try fields.namespaceNumber())
        case VIPNS_MSG_CHANGED: self = .changed(number: try fields.namespaceNumber())
        case VIPNS_MSG_CLAIMED: self = try fields.claim()
        case VIPNS_MSG_OVERRUN: self = .overrun
        default: throw .malformed("unknown answer type \(fields.type.rawValue)")
        }
    }
}
