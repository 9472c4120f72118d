/// One address of a session with what sets it up on the session's link.
public struct SessionAddress: Hashable, Sendable {
    /// The virtual IP and the length of its network part.
    public let prefix: IPPrefix
    /// The default gateway for its family; nil where sessions reach their own network only.
    public let gateway: IPAddress?

    /// Puts the two together.
    public init(prefix: IPPrefix, gateway: IPAddress?) {
        self.prefix = prefix
        self.gateway = gateway
    }

    /// The virtual IP itself.
    public var address: IPAddress { prefix.address }
}
