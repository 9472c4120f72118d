internal import Addressing

/// Networks whose addresses mean something else than one host; RFC 6890, RFC 4291.
enum SpecialNetwork {
    private static let all: [(prefix: String, meaning: String)] = [
        ("0.0.0.0/8", "which names no host"),
        ("127.0.0.0/8", "the loopback addresses, which are each session's own"),
        ("224.0.0.0/3", "the multicast and reserved addresses"),
        ("::/8", "which holds the loopback address and IPv4 addresses in IPv6 form"),
        ("fe80::/10", "the link-local addresses, which each session has besides"),
        ("ff00::/8", "the multicast addresses"),
    ]

    /// The first of them that shares an address with `range`, and what it is.
    static func overlapping(_ range: IPRange) -> (prefix: String, meaning: String)? {
        all.first { IPPrefix($0.prefix)?.range.overlaps(range) == true }
    }
}
