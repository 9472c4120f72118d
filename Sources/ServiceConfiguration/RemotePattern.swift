public import Addressing

/// Some of the hosts from which users come.
public enum RemotePattern: Hashable, Sendable, CustomStringConvertible {
    /// Every host, whether known by name or by address; but no local login.
    case any
    /// The hosts whose address lies in a network; never those that are known by name.
    case network(IPPrefix)
    /// The hosts whose name fits a pattern, in lower case and without a dot at its end; never those known by address.
    case name(String)

    /// Whether `login` comes from such a host.
    public func matches(_ login: Login) -> Bool {
        guard let host = login.remoteHost else { return false }
        switch self {
        case .any: return true
        case .network(let network): return login.remoteAddress.map(network.contains) ?? false
        case .name(let pattern):
            // A name that begins like an address is nobody's address, and an address is nobody's name.
            guard login.remoteAddress == nil else { return false }
            return fits(hostName(host), pattern)
        }
    }

    /// As it stands in the file; a single address without a length.
    public var description: String {
        switch self {
        case .any: "*"
        case .network(let network):
            network.length == network.address.family.bitWidth ? "\(network.address)" : "\(network)"
        case .name(let pattern): pattern
        }
    }

    /// Whether every login that `other` matches is matched here too; false where that is not plain to see.
    func covers(_ other: RemotePattern) -> Bool {
        switch (self, other) {
        case (.any, _): true
        case (.network(let wide), .network(let narrow)): wide.range.contains(narrow.range)
        case (.name(let pattern), .name(let name)):
            pattern == name || !hasWildcard(name) && fits(name, pattern)
        case (.network, _), (.name, _): false
        }
    }
}

/// A host's name as it is compared: names do not tell letters apart by their case, and a dot may end them.
func hostName(_ text: String) -> String {
    let lowered = text.lowercased()
    return lowered.hasSuffix(".") ? String(lowered.dropLast()) : lowered
}

/// The address that `text` is, without a zone, and IPv4 where IPv6 only carries it (RFC 4291 section 2.5.5.2).
func hostAddress(_ text: String) -> IPAddress? {
    let unzoned = text.contains(":") ? String(text.prefix { $0 != "%" }) : text
    return IPAddress(unzoned)?.unmapped
}

/// The prefix or the one address that `text` is, of IPv4 where IPv6 only carries that.
func hostNetwork(_ text: String) -> IPPrefix? {
    if let address = IPAddress(text).map(\.unmapped) { return IPPrefix(address, length: address.family.bitWidth) }
    guard let prefix = IPPrefix(text) else { return nil }
    let address = prefix.address.unmapped
    guard address.family != prefix.address.family, prefix.length >= 96 else { return prefix }
    return IPPrefix(address, length: prefix.length - 96)
}
