extension IPAddress {
    /// Whether it is of `fe80::/10`, where IPv6 routers have their addresses; RFC 4291 §2.5.6.
    public var isLinkLocal: Bool { family == .ipv6 && bits >> 118 == 0x3fa }

    /// Whether a session may have it: the unicast address of one host that others on its network reach it by.
    public var canBeVirtualIP: Bool { SpecialNetwork.overlapping(IPRange(self)) == nil }

    /// The IPv4 address that this IPv6 address carries, or the address itself; RFC 4291 §2.5.5.2.
    public var unmapped: IPAddress {
        guard family == .ipv6, bits >> 32 == 0xffff else { return self }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: bits))
    }

    /// The address in 16 octets: that of IPv4 in its IPv6 form.
    public var mapped: IPAddress { family == .ipv4 ? IPAddress(ipv6: 0xffff << 32 | bits) : self }

    /// The group that an IPv6 address's neighbours ask for it: `ff02::1:ff00:0` with its last 24 bits; RFC 4291 §2.7.1.
    ///
    /// Nil for IPv4.
    public var solicitedNodeGroup: IPAddress? {
        guard family == .ipv6 else { return nil }
        return IPAddress(ipv6: 0xff02 << 112 | 0x1_ff00_0000 | bits & 0xff_ffff)
    }
}

extension MACAddress {
    /// The link-local IPv6 address that goes with it: its octets as modified EUI-64; RFC 4291 appendix A.
    public var linkLocalAddress: IPAddress {
        let identifier = [octets[0] ^ 0x02] + octets[1...2] + [0xff, 0xfe] + octets[3...]
        return IPAddress(ipv6: identifier.reduce(0) { $0 << 8 | UInt128($1) } | 0xfe80 << 112)
    }
}
