internal import Addressing
internal import Netlink

/// What keeps a session's link apart from all links of the host for as long as the host may have it.
///
/// Kernel < 6.15: a link on a parent of another namespace is made in the parent's namespace and moved then. There its index
/// must be free (EBUSY) and its name (EEXIST), and udev and network managers see it for a moment: hooks/network tells them
/// to leave links of that name alone. Index and name are the same on every kernel, so that there is one way to test.
struct LinkIdentity: Sendable {
    /// The kernel counts a namespace's own indexes up from 1; a host that has come to these has had 16 million links.
    private static let firstIndex: Int32 = 0x100_0000
    /// How many indexes are used, 254 of each 256.
    private static let indexCount = (Int32.max - firstIndex) / 256 * 254

    /// The link's index in host and session.
    ///
    /// From the namespace's number, which no other session of this boot has.
    let index: Int32
    /// The link's name until it is `eth0`; 14 octets, one less than a name may have.
    let temporaryName: String

    init(session: SessionID, number: Int32) {
        let place = max(0, number - SessionNetworks.firstNumber) % Self.indexCount
        // Linux 6.1 lists links by the lowest octet of their indexes. That of lo is 1: with 0 or 1 here `eth0` would come
        // before lo in a few sessions, and a program that takes the first or the last link would fail in those alone.
        index = Self.firstIndex + place / 254 * 256 + 2 + place % 254
        temporaryName = "vipns-\(session)"
    }
}

extension NetlinkRequest {
    /// Makes a session's link, up and without address.
    mutating func createMacvlan(
        _ link: SessionLink, _ identity: LinkIdentity, parentIndex: Int32, parentNamespace: Int32
    ) {
        createMacvlan(
            name: SessionNetworks.linkName, temporaryName: identity.temporaryName, index: identity.index, mac: link.mac,
            parentIndex: parentIndex, parentNamespace: parentNamespace, parentName: link.parent, mode: link.mode,
            mtuBytes: link.mtuBytes)
    }
}
