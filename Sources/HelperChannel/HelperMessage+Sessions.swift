internal import Addressing
internal import CProtocol
internal import Netlink

extension HelperMessage.Fields {
    mutating func session() throws(HelperChannelError) -> SessionID {
        let text = try text(VIPNS_ATTR_SESSION)
        guard let session = SessionID(text) else { throw .malformed("session id") }
        return session
    }

    mutating func namespaceNumber() throws(HelperChannelError) -> UInt32 {
        let number: UInt32 = try number(VIPNS_ATTR_NUMBER)
        guard (UInt32(VIPNS_FIRST_NUMBER)...UInt32(Int32.max)).contains(number) else {
            throw .malformed("namespace number \(number)")
        }
        return number
    }

    /// The link of a connect request: all of its attributes, or none of them.
    mutating func link() throws(HelperChannelError) -> SessionLink? {
        guard let parent = try optionalText(VIPNS_ATTR_PARENT) else { return nil }
        // The kernel's own rule for link names (dev_valid_name), and no wildcard that netdevice(7) calls would expand.
        guard (1...15).contains(parent.utf8.count), parent != ".", parent != "..",
            parent.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") })
        else { throw .malformed("name of a parent link") }
        let mode: UInt32 = try number(VIPNS_ATTR_MODE)
        guard mode < UInt32(MacvlanLinkMode.allCases.count) else { throw .malformed("macvlan mode \(mode)") }
        guard let mac = MACAddress(octets: Array(try octets(VIPNS_ATTR_MAC))), mac.isLocalUnicast else {
            throw .malformed("MAC address")
        }
        let mtu = try mtu()
        var addresses: [SessionAddress] = []
        var routes: [Route] = []
        for family in [IPAddress.Family.ipv4, .ipv6] {
            guard let address = try sessionAddress(family) else { continue }
            addresses.append(address)
            routes += try self.routes(family)
        }
        guard !addresses.isEmpty else { throw .malformed("a link without address") }
        return SessionLink(
            parent: parent, mode: MacvlanLinkMode.allCases[Int(mode)], mac: mac, addresses: addresses, mtuBytes: mtu,
            routes: routes)
    }

    mutating func optionalText(_ attribute: vipns_attribute) throws(HelperChannelError) -> String? {
        has(attribute) ? try text(attribute) : nil
    }

    mutating func members() throws(HelperChannelError) -> [HelperAnswer.Member] {
        let payload = try octets(VIPNS_ATTR_MEMBERS)
        guard payload.count % 8 == 0 else { throw .malformed("size of a list of members") }
        return stride(from: 0, to: payload.count, by: 8).compactMap { offset in
            guard let number = payload.number(at: offset, UInt32.self),
                let pid = payload.number(at: offset + 4, UInt32.self)
            else { return nil }
            return HelperAnswer.Member(number: number, pid: Int32(bitPattern: pid))
        }
    }

    mutating func found() throws(HelperChannelError) -> HelperAnswer.Found {
        let session = has(VIPNS_ATTR_SESSION) ? try session() : nil
        let number = has(VIPNS_ATTR_NUMBER) ? try namespaceNumber() : nil
        let cookie: UInt64? = has(VIPNS_ATTR_COOKIE) ? try self.number(VIPNS_ATTR_COOKIE) : nil
        let hasLink = try flag(VIPNS_ATTR_LINKED)
        return HelperAnswer.Found(session: session, number: number, cookie: cookie, hasLink: hasLink)
    }
}

extension NetlinkRequest {
    mutating func put(_ link: SessionLink) {
        put(VIPNS_ATTR_PARENT.rawValue, link.parent)
        put(VIPNS_ATTR_MODE.rawValue, UInt32(MacvlanLinkMode.allCases.firstIndex(of: link.mode) ?? 0))
        put(VIPNS_ATTR_MAC.rawValue, octets: link.mac.octets)
        for address in link.addresses { put(address) }
        if let mtu = link.mtuBytes { put(VIPNS_ATTR_MTU.rawValue, UInt32(mtu)) }
        for address in link.addresses { put(link.routes, of: address.address.family) }
    }

    mutating func put(_ members: [HelperAnswer.Member]) {
        let pairs = members.flatMap { member in
            [member.number, UInt32(bitPattern: member.pid)].flatMap { number in
                stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
            }
        }
        put(VIPNS_ATTR_MEMBERS.rawValue, octets: pairs)
    }

    mutating func put(_ found: HelperAnswer.Found) {
        if let session = found.session { put(VIPNS_ATTR_SESSION.rawValue, session.description) }
        if let number = found.number { put(VIPNS_ATTR_NUMBER.rawValue, number) }
        if let cookie = found.cookie { put(VIPNS_ATTR_COOKIE.rawValue, cookie) }
        put(VIPNS_ATTR_LINKED.rawValue, UInt8(found.hasLink ? 1 : 0))
    }
}
