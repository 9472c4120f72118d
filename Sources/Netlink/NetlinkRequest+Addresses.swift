public import Addressing
internal import CLinux
internal import Glibc

extension NetlinkRequest {
    /// Gives a link an address; rtnetlink(7), RTM_NEWADDR.
    ///
    /// An IPv6 address is usable at once: the kernel does not look for a duplicate, which would take up to 1.7 s.
    public mutating func addAddress(_ address: IPPrefix, linkIndex: Int32, linkName: String) {
        begin(type: UInt16(RTM_NEWADDR), flags: created, purpose: "add address \(address) to link '\(linkName)'")
        var header = ifaddrmsg()
        header.ifa_family = address.address.family.kernelValue
        header.ifa_prefixlen = UInt8(address.length)
        header.ifa_flags = address.address.family == .ipv6 ? UInt8(IFA_F_NODAD) : 0
        header.ifa_index = UInt32(bitPattern: linkIndex)
        putHeader(header)
        put(IFA_LOCAL, octets: address.address.octets)
        put(IFA_ADDRESS, octets: address.address.octets)
        // Two addresses or one leave none for a broadcast (RFC 3021): in a /31 the last one is the neighbour's.
        if address.address.family == .ipv4, address.length <= 30 {
            // Programs that ask for the broadcast address expect one; `ip addr add … brd +` sets it too.
            put(IFA_BROADCAST, octets: address.last.octets)
        }
    }

    /// Takes an address from a link, and the routes that came with it; rtnetlink(7), RTM_DELADDR.
    public mutating func removeAddress(_ address: IPPrefix, linkIndex: Int32, linkName: String) {
        begin(
            type: UInt16(RTM_DELADDR), flags: acknowledged, purpose: "take address \(address) from link '\(linkName)'")
        var header = ifaddrmsg()
        header.ifa_family = address.address.family.kernelValue
        header.ifa_prefixlen = UInt8(address.length)
        header.ifa_index = UInt32(bitPattern: linkIndex)
        putHeader(header)
        put(IFA_LOCAL, octets: address.address.octets)
    }

    /// Adds the route for everything that no other route covers; rtnetlink(7), RTM_NEWROUTE.
    ///
    /// A gateway outside of the link's own network is reached on the link all the same (RTNH_F_ONLINK).
    public mutating func addDefaultRoute(gateway: IPAddress, linkIndex: Int32) {
        begin(type: UInt16(RTM_NEWROUTE), flags: created, purpose: "add default route by gateway \(gateway)")
        putRoute(to: nil, gateway: gateway, linkIndex: linkIndex)
    }

    /// Adds the route to one network; rtnetlink(7), RTM_NEWROUTE.
    public mutating func addRoute(_ route: Route, linkIndex: Int32) {
        begin(
            type: UInt16(RTM_NEWROUTE), flags: created,
            purpose: "add route to \(route.destination) by gateway \(route.gateway)")
        putRoute(to: route.destination, gateway: route.gateway, linkIndex: linkIndex)
    }

    /// Asks for all addresses of the socket's namespace, or, on a strict socket, of the one numbered `targetNamespace` here.
    public mutating func dumpAddresses(targetNamespace: Int32? = nil) {
        begin(type: UInt16(RTM_GETADDR), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), purpose: "list addresses")
        putHeader(ifaddrmsg())
        if let targetNamespace { put(IFA_TARGET_NETNSID, targetNamespace) }
    }

    private mutating func putRoute(to destination: IPPrefix?, gateway: IPAddress, linkIndex: Int32) {
        var header = rtmsg()
        header.rtm_family = gateway.family.kernelValue
        header.rtm_dst_len = UInt8(destination?.length ?? 0)
        header.rtm_table = UInt8(RT_TABLE_MAIN.rawValue)
        header.rtm_protocol = UInt8(RTPROT_STATIC)
        header.rtm_scope = UInt8(RT_SCOPE_UNIVERSE.rawValue)
        header.rtm_type = UInt8(RTN_UNICAST)
        header.rtm_flags = UInt32(RTNH_F_ONLINK)
        putHeader(header)
        if let destination { put(RTA_DST.rawValue, octets: destination.first.octets) }
        put(RTA_GATEWAY.rawValue, octets: gateway.octets)
        put(RTA_OIF.rawValue, UInt32(bitPattern: linkIndex))
    }
}

extension IPAddress.Family {
    /// `AF_INET` or `AF_INET6`.
    var kernelValue: UInt8 { UInt8(self == .ipv4 ? AF_INET : AF_INET6) }
}
