public import Addressing

/// A session as the kernel has it, whatever a store says of it.
public struct KernelSession: Sendable, Hashable {
    /// A process in the session's namespace.
    public struct Member: Sendable, Hashable {
        /// The process, and when it started.
        public let process: Leader
        /// The process that it was started by, or that has taken it over.
        public let parent: Int32
        /// Who started it: the real user.
        public let uid: UInt32

        /// Puts the facts together.
        public init(process: Leader, parent: Int32, uid: UInt32) {
            self.process = process
            self.parent = parent
            self.uid = uid
        }
    }

    /// The session's link.
    public struct Link: Sendable, Hashable {
        /// Name of the parent link.
        public let parent: String
        /// How it shares that.
        public let mode: MacvlanMode
        /// One address, or a pair with IPv4 first.
        public let addresses: [IPPrefix]

        /// Puts the facts together.
        public init(parent: String, mode: MacvlanMode, addresses: [IPPrefix]) {
            self.parent = parent
            self.mode = mode
            self.addresses = addresses
        }
    }

    /// From the pin's name; nil where there is no pin any more: the session was lingering.
    public let session: SessionID?
    /// The namespace's number.
    public let number: UInt32
    /// The namespace's cookie; nil where no pin leads to it.
    public let cookie: UInt64?
    /// Whether it has a link, even one without an address.
    public let hasLink: Bool
    /// The link; nil where it has none, or none with an address.
    public let link: Link?
    /// The processes in it, the oldest first.
    public let members: [Member]

    /// Puts the facts together.
    public init(
        session: SessionID?, number: UInt32, cookie: UInt64?, hasLink: Bool, link: Link?, members: [Member]
    ) {
        self.session = session
        self.number = number
        self.cookie = cookie
        self.hasLink = hasLink
        self.link = link
        self.members = members.sorted { $0.process.startTicks < $1.process.startTicks }
    }

    /// The processes that came from outside: each was a leader, or is as good as one.
    public var leaders: [Leader] {
        let own = Set(members.map(\.process.pid))
        return members.filter { !own.contains($0.parent) }.map(\.process)
    }

    /// Whose it is: root only where all that is in it is root's, as a login's first process is always.
    public var user: UInt32 { members.first { $0.uid != 0 }?.uid ?? 0 }
}
