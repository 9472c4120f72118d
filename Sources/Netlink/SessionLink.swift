public import Addressing

/// The link that carries a session's virtual IP, or its pair of them, as it is asked for.
public struct SessionLink: Hashable, Sendable {
    /// Name of the host's link that the macvlan hangs on.
    public let parent: String
    /// How siblings on that link reach each other.
    public let mode: MacvlanLinkMode
    /// The link's own MAC address.
    public let mac: MACAddress
    /// One virtual IP, or two: then that of IPv4 stands first and that of IPv6 second.
    public let addresses: [SessionAddress]
    /// The largest packet, in octets, no more than the parent link's; nil for the parent link's own.
    public let mtuBytes: Int?
    /// Networks that have another gateway.
    public let routes: [Route]

    /// What an MTU may be: the least of IPv4 (RFC 791) to the most that a packet can have.
    public static let mtuRange = 68...65_535
    /// The most routes.
    public static let mostRoutes = 64

    /// Puts the facts together.
    public init(
        parent: String, mode: MacvlanLinkMode, mac: MACAddress, addresses: [SessionAddress], mtuBytes: Int? = nil,
        routes: [Route] = []
    ) {
        self.parent = parent
        self.mode = mode
        self.mac = mac
        self.addresses = addresses
        self.mtuBytes = mtuBytes
        self.routes = routes
    }
}
