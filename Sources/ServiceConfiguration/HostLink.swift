public import Addressing

/// A link of this host and its addresses, as far as the check of a configuration needs to know them.
public struct HostLink: Hashable, Sendable {
    /// The link's name, such as `eth1`.
    public let name: String
    /// Its addresses, each with the length of its network.
    public let addresses: [IPPrefix]
    /// Its largest packet, in octets; nil where it is not known.
    public let mtuBytes: Int?

    /// Makes a link from its name, addresses and MTU.
    public init(name: String, addresses: [IPPrefix], mtuBytes: Int? = nil) {
        self.name = name
        self.addresses = addresses
        self.mtuBytes = mtuBytes
    }
}

/// What the check of a configuration needs to know of this host's own packet filter.
public struct HostFirewall: Hashable, Sendable {
    /// Whether it has rules; nil where this process may not know.
    public let hasRules: Bool?
    /// Whether nft(8), which loads the pools' firewalls, is installed.
    public let hasProgram: Bool

    /// Puts the two together.
    public init(hasRules: Bool?, hasProgram: Bool) {
        self.hasRules = hasRules
        self.hasProgram = hasProgram
    }
}

/// The machine that a configuration is for, as far as it is known.
struct Host {
    /// Its links; empty where they are not known.
    let links: [HostLink]
    /// Its packet filter; nil where it is not known.
    let firewall: HostFirewall?
    /// Whether it has IPv6; nil where that is not known.
    let hasIPv6: Bool?
    /// Who may own a pool's firewall: root, but for tests.
    let owner: UInt32
    /// Whether it has a group of that name; nil where that does not matter, or cannot be known.
    let hasGroup: ((String) -> Bool)?
}
