/// A network whose addresses mean something else than one host that others on its network reach; RFC 6890, RFC 4291.
public struct SpecialNetwork: Sendable {
    /// The network.
    public let prefix: IPPrefix
    /// What its addresses are, in words that follow it.
    public let meaning: String

    /// No session can have an address of these.
    private static let all = [
        ("0.0.0.0/8", "which names no host"),
        ("127.0.0.0/8", "the loopback addresses, which are each session's own"),
        ("224.0.0.0/3", "the multicast and reserved addresses"),
        ("::/8", "which holds the loopback address and IPv4 addresses in IPv6 form"),
        ("fe80::/10", "the link-local addresses, which each session has besides"),
        ("ff00::/8", "the multicast addresses"),
    ].compactMap { text, meaning in IPPrefix(text).map { SpecialNetwork(prefix: $0, meaning: meaning) } }

    /// The first of them that shares an address with `range`; nil where a session may have each of its addresses.
    public static func overlapping(_ range: IPRange) -> SpecialNetwork? {
        all.first { $0.prefix.range.overlaps(range) }
    }
}
