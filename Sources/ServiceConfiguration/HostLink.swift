public import Addressing

/// A link of this host and its addresses, as far as the check of a configuration needs to know them.
public struct HostLink: Hashable, Sendable {
    /// The link's name, such as `eth1`.
    public let name: String
    /// Its addresses, each with the length of its network.
    public let addresses: [IPPrefix]

    /// Makes a link from its name and addresses.
    public init(name: String, addresses: [IPPrefix]) {
        self.name = name
        self.addresses = addresses
    }
}
