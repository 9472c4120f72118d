public import Addressing
internal import CProtocol
internal import LinuxSystem
public import Netlink

/// What the service may ask of the helper; `vipns_helper.h` defines each one's message.
public enum HelperRequest: Hashable, Sendable {
    /// First message: the version that the sender speaks.
    case hello(version: UInt32)
    /// Bind the client socket anew and hand over the listener.
    case listen
    /// Make, prepare, number and pin a namespace.
    case make(SessionID, number: UInt32, preparation: NamespacePreparation = NamespacePreparation())
    /// Connect a made namespace; without a link its loopback alone.
    case connect(SessionID, link: SessionLink?)
    /// Hand over the descriptor of a pinned namespace.
    case join(SessionID)
    /// List the processes in all namespaces of ours.
    case members
    /// Kill the processes in one namespace.
    case kill(number: UInt32)
    /// Destroy TCP sockets, unpin, forget.
    case dismantle(SessionID, number: UInt32)
    /// Unpin only.
    case unpin(SessionID, number: UInt32)
    /// Delete the session's link by its namespace's number.
    case deleteLink(number: UInt32)
    /// List all pins and living numbers of ours.
    case list
    /// List what is of ours and not of these sessions; of these only what the kernel does not know any more.
    case survey(known: [Pin])
    /// Read the allowance again, whose text must have this checksum; the former one stays allowed beside it.
    case reload(checksum: UInt64)
    /// Forget former allowances, where the one in force has this checksum.
    case settle(checksum: UInt64)
    /// Look after what is the helper's own, and tell which pins are whole.
    case audit
    /// Pin again what a process stands in.
    case pin([Pin])
    /// Make anew what is missing of a session's network; without a link of its loopback alone.
    case restore(SessionID, number: UInt32, link: SessionLink?)
    /// Who holds these namespaces by something else than standing in them.
    case holders([Namespace])
    /// Tell a session's link as the kernel has it.
    case look(number: UInt32)

    /// How many entries the lists of a request may have.
    public static let mostEntries = 1024
    /// How many sessions a survey can leave out.
    public static let mostKnown = 2560

    /// A session that should be pinned.
    public struct Pin: Hashable, Sendable {
        /// The pin's name.
        public let session: SessionID
        /// Its namespace's number.
        public let number: UInt32

        /// Puts the two together.
        public init(session: SessionID, number: UInt32) {
            self.session = session
            self.number = number
        }
    }

    /// What is known of a namespace that nothing may lead to any more.
    public struct Namespace: Hashable, Sendable {
        /// Its number.
        public let number: UInt32
        /// Its cookie; 0 where that is not known.
        public let cookie: UInt64
        /// Its inode; 0 where that is not known.
        public let inode: UInt64

        /// Puts the facts together.
        public init(number: UInt32, cookie: UInt64, inode: UInt64) {
            self.number = number
            self.cookie = cookie
            self.inode = inode
        }
    }
}

extension HelperRequest {
    var type: vipns_message {
        switch self {
        case .hello: VIPNS_MSG_HELLO
        case .listen: VIPNS_MSG_LISTEN
        case .make: VIPNS_MSG_MAKE
        case .connect: VIPNS_MSG_CONNECT
        case .join: VIPNS_MSG_JOIN
        case .members: VIPNS_MSG_MEMBERS
        case .kill: VIPNS_MSG_KILL
        case .dismantle: VIPNS_MSG_DISMANTLE
        case .unpin: VIPNS_MSG_UNPIN
        case .deleteLink: VIPNS_MSG_DELETE_LINK
        case .list, .survey: VIPNS_MSG_LIST
        case .reload: VIPNS_MSG_RELOAD
        case .settle: VIPNS_MSG_SETTLE
        case .audit: VIPNS_MSG_AUDIT
        case .pin: VIPNS_MSG_PIN
        case .restore: VIPNS_MSG_RESTORE
        case .holders: VIPNS_MSG_HOLDERS
        case .look: VIPNS_MSG_LOOK
        }
    }

    /// The request as one datagram.
    ///
    /// - Throws: a ``HelperChannelError`` where a text does not fit.
    public func encoded(sequence: UInt32) throws(HelperChannelError) -> [UInt8] {
        try HelperMessage.encode(type, sequence: sequence) { message in
            switch self {
            case .hello(let version): message.put(VIPNS_ATTR_VERSION.rawValue, version)
            case .listen, .members, .list, .audit: break
            case .join(let session): message.put(VIPNS_ATTR_SESSION.rawValue, session.description)
            case .make(let session, let number, let preparation):
                message.put(VIPNS_ATTR_SESSION.rawValue, session.description)
                message.put(VIPNS_ATTR_NUMBER.rawValue, number)
                message.put(preparation)
            case .dismantle(let session, let number), .unpin(let session, let number):
                message.put(VIPNS_ATTR_SESSION.rawValue, session.description)
                message.put(VIPNS_ATTR_NUMBER.rawValue, number)
            case .connect(let session, let link):
                message.put(VIPNS_ATTR_SESSION.rawValue, session.description)
                if let link { message.put(link) }
            case .restore(let session, let number, let link):
                message.put(VIPNS_ATTR_SESSION.rawValue, session.description)
                message.put(VIPNS_ATTR_NUMBER.rawValue, number)
                if let link { message.put(link) }
            case .pin(let pins), .survey(let pins): message.put(pins)
            case .holders(let namespaces): message.put(namespaces)
            case .kill(let number), .deleteLink(let number), .look(let number):
                message.put(VIPNS_ATTR_NUMBER.rawValue, number)
            case .reload(let checksum), .settle(let checksum): message.put(VIPNS_ATTR_CHECKSUM.rawValue, checksum)
            }
        }
    }

    /// Reads one datagram and checks every field; the helper runs this on what an unprivileged process sent.
    ///
    /// - Throws: what breaks the protocol.
    public static func decode(
        _ datagram: [UInt8]
    ) throws(HelperChannelError) -> (sequence: UInt32, request: HelperRequest) {
        var fields = try HelperMessage.Fields(datagram)
        guard fields.sequence != 0 else { throw .malformed("a request's sequence number 0") }
        let request = try HelperRequest(&fields)
        try fields.finish()
        return (fields.sequence, request)
    }

    private init(_ fields: inout HelperMessage.Fields) throws(HelperChannelError) {
        switch fields.type {
        case VIPNS_MSG_HELLO: self = .hello(version: try fields.number(VIPNS_ATTR_VERSION))
        case VIPNS_MSG_LISTEN: self = .listen
        case VIPNS_MSG_MAKE:
            self = .make(
                try fields.session(), number: try fields.namespaceNumber(), preparation: try fields.preparation())
        case VIPNS_MSG_CONNECT: self = .connect(try fields.session(), link: try fields.link())
        case VIPNS_MSG_JOIN: self = .join(try fields.session())
        case VIPNS_MSG_MEMBERS: self = .members
        case VIPNS_MSG_KILL: self = .kill(number: try fields.namespaceNumber())
        case VIPNS_MSG_DISMANTLE: self = .dismantle(try fields.session(), number: try fields.namespaceNumber())
        case VIPNS_MSG_UNPIN: self = .unpin(try fields.session(), number: try fields.namespaceNumber())
        case VIPNS_MSG_DELETE_LINK: self = .deleteLink(number: try fields.namespaceNumber())
        case VIPNS_MSG_LIST:
            self = fields.has(VIPNS_ATTR_PINS) ? .survey(known: try fields.pins(atMost: Self.mostKnown)) : .list
        case VIPNS_MSG_RELOAD: self = .reload(checksum: try fields.number(VIPNS_ATTR_CHECKSUM))
        case VIPNS_MSG_SETTLE: self = .settle(checksum: try fields.number(VIPNS_ATTR_CHECKSUM))
        case VIPNS_MSG_AUDIT: self = .audit
        case VIPNS_MSG_PIN: self = .pin(try fields.pins())
        case VIPNS_MSG_RESTORE:
            self = .restore(try fields.session(), number: try fields.namespaceNumber(), link: try fields.link())
        case VIPNS_MSG_HOLDERS: self = .holders(try fields.namespaces())
        case VIPNS_MSG_LOOK: self = .look(number: try fields.namespaceNumber())
        default: throw .malformed("unknown request type \(fields.type.rawValue)")
        }
    }
}

/// The numbers of `vipns_helper.h` that both sides need.
public enum HelperProtocol {
    /// The version that this code speaks.
    public static let version = UInt32(VIPNS_HELPER_VERSION)
    /// Upper bound of one message, in octets.
    public static let messageSize = Int(VIPNS_MESSAGE_SIZE)
    /// The lowest namespace number that vipns gives.
    public static let firstNumber = UInt32(VIPNS_FIRST_NUMBER)

    /// FNV-1a, 64 bits, of an allowance's text: tells by accident changed texts apart, not forged ones.
    public static func checksum(of text: some Sequence<UInt8>) -> UInt64 {
        text.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }
}
