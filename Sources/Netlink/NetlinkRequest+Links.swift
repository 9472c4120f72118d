public import Addressing
internal import CLinux
internal import Glibc

/// How a macvlan shares its parent link; rtnetlink(7), IFLA_MACVLAN_MODE.
public enum MacvlanLinkMode: Sendable, CaseIterable {
    /// Siblings reach each other directly.
    case bridge
    /// Siblings do not reach each other.
    case `private`
    /// Siblings reach each other through a switch port that sends frames back.
    case vepa

    var kernelValue: UInt32 {
        switch self {
        case .bridge: MACVLAN_MODE_BRIDGE.rawValue
        case .private: MACVLAN_MODE_PRIVATE.rawValue
        case .vepa: MACVLAN_MODE_VEPA.rawValue
        }
    }
}

/// Where a link is to be, when it is not the namespace of the socket.
public enum LinkPlace: Sendable {
    /// The socket's own namespace.
    case here
    /// The namespace that this open descriptor holds; the caller keeps it open until the request was sent.
    case descriptor(Int32)
}

let acknowledged = UInt16(NLM_F_REQUEST | NLM_F_ACK)
let created = acknowledged | UInt16(NLM_F_CREATE) | UInt16(NLM_F_EXCL)

extension NetlinkRequest {
    /// Makes a macvlan in the socket's namespace on a link of the namespace that has the number `parentNamespace` here,
    /// gives it its final name and sets it up: two messages.
    ///
    /// Kernel < 6.15 makes it in the parent link's namespace and moves it: `index` and `temporaryName` must be free
    /// there, and it is down there. Its MAC address is its own from the first. `mtuBytes` is nil for the parent link's
    /// own. rtnetlink(7), RTM_NEWLINK, RTM_SETLINK.
    public mutating func createMacvlan(
        name: String, temporaryName: String, index: Int32, mac: MACAddress, parentIndex: Int32, parentNamespace: Int32,
        parentName: String, mode: MacvlanLinkMode, mtuBytes: Int? = nil
    ) {
        let size = mtuBytes.map { " and MTU \($0)" } ?? ""
        let purpose = "create macvlan '\(name)' with MAC address \(mac)\(size) on parent link '\(parentName)'"
        begin(type: UInt16(RTM_NEWLINK), flags: created, purpose: purpose)
        var header = ifinfomsg()
        header.ifi_index = index
        putHeader(header)
        put(IFLA_IFNAME, temporaryName)
        put(IFLA_ADDRESS, octets: mac.octets)
        if let mtuBytes { put(IFLA_MTU, UInt32(clamping: mtuBytes)) }
        put(IFLA_LINK, parentIndex)
        put(IFLA_LINK_NETNSID, parentNamespace)
        nest(IFLA_LINKINFO) { info in
            info.put(IFLA_INFO_KIND, "macvlan")
            info.nest(IFLA_INFO_DATA) { $0.put(IFLA_MACVLAN_MODE, mode.kernelValue) }
        }
        // The kernel renames first and sets up then, whatever the order of what is asked.
        begin(type: UInt16(RTM_SETLINK), flags: acknowledged, purpose: purpose)
        header.ifi_flags = UInt32(IFF_UP)
        header.ifi_change = UInt32(IFF_UP)
        putHeader(header)
        put(IFLA_IFNAME, name)
    }

    /// Makes a pair of veth links, each in its place, both down; veth(4).
    public mutating func createVethPair(
        name: String, place: LinkPlace = .here, peer: String, peerPlace: LinkPlace = .here
    ) {
        begin(type: UInt16(RTM_NEWLINK), flags: created, purpose: "create veth pair '\(name)' and '\(peer)'")
        putHeader(ifinfomsg())
        put(IFLA_IFNAME, name)
        put(place: place)
        nest(IFLA_LINKINFO) { info in
            info.put(IFLA_INFO_KIND, "veth")
            info.nest(IFLA_INFO_DATA) { data in
                // VETH_INFO_PEER of linux/veth.h: a whole link message without its netlink header.
                data.nest(1) { other in
                    other.putHeader(ifinfomsg())
                    other.put(IFLA_IFNAME, peer)
                    other.put(place: peerPlace)
                }
            }
        }
    }

    /// Makes a bridge, down.
    public mutating func createBridge(name: String) {
        begin(type: UInt16(RTM_NEWLINK), flags: created, purpose: "create bridge '\(name)'")
        putHeader(ifinfomsg())
        put(IFLA_IFNAME, name)
        nest(IFLA_LINKINFO) { $0.put(IFLA_INFO_KIND, "bridge") }
    }

    /// Sets a link up or down, and nothing else.
    public mutating func setLink(index: Int32, name: String, up: Bool) {
        begin(
            type: UInt16(RTM_SETLINK), flags: acknowledged, purpose: "set link '\(name)' \(up ? "up" : "down")")
        var header = ifinfomsg()
        header.ifi_index = index
        header.ifi_flags = up ? UInt32(IFF_UP) : 0
        header.ifi_change = UInt32(IFF_UP)
        putHeader(header)
    }

    /// Makes a link a port of a bridge.
    public mutating func attachLink(index: Int32, name: String, toBridge bridge: Int32) {
        begin(type: UInt16(RTM_SETLINK), flags: acknowledged, purpose: "attach link '\(name)' to a bridge")
        var header = ifinfomsg()
        header.ifi_index = index
        putHeader(header)
        put(IFLA_MASTER, UInt32(bitPattern: bridge))
    }

    /// Deletes a link by name, in the namespace that has the number `targetNamespace` here; nil for this one.
    ///
    /// Synchronous: when it is acknowledged the link is gone. `IFLA_TARGET_NETNSID` needs Linux 4.20.
    public mutating func deleteLink(name: String, targetNamespace: Int32? = nil) {
        begin(type: UInt16(RTM_DELLINK), flags: acknowledged, purpose: "delete link '\(name)'")
        putHeader(ifinfomsg())
        put(IFLA_IFNAME, name)
        if let targetNamespace { put(IFLA_TARGET_NETNSID, targetNamespace) }
    }

    /// Deletes a link by its index, in the namespace that has the number `targetNamespace` here; nil for this one.
    public mutating func deleteLink(index: Int32, targetNamespace: Int32? = nil) {
        let place = targetNamespace.map { " of namespace \($0)" } ?? ""
        begin(type: UInt16(RTM_DELLINK), flags: acknowledged, purpose: "delete link \(index)\(place)")
        var header = ifinfomsg()
        header.ifi_index = index
        putHeader(header)
        if let targetNamespace { put(IFLA_TARGET_NETNSID, targetNamespace) }
    }

    /// Asks for all links of the socket's namespace, or of the one numbered `targetNamespace` here.
    public mutating func dumpLinks(targetNamespace: Int32? = nil) {
        begin(type: UInt16(RTM_GETLINK), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), purpose: "list links")
        putHeader(ifinfomsg())
        if let targetNamespace { put(IFLA_TARGET_NETNSID, targetNamespace) }
    }

    private mutating func put(place: LinkPlace) {
        switch place {
        case .here: return
        case .descriptor(let raw): put(IFLA_NET_NS_FD, UInt32(bitPattern: raw))
        }
    }
}

/// One link as the kernel describes it.
public struct LinkDescription: Hashable, Sendable {
    /// The index, unique in its namespace.
    public let index: Int32
    /// The name.
    public let name: String
    /// The MAC address; nil for links without one of six octets.
    public let mac: MACAddress?
    /// Whether an administrator has set it up.
    public let isUp: Bool
    /// `macvlan`, `veth`, …; nil for physical links and the loopback.
    public let kind: String?
    /// The index of the link that it hangs on, in that one's namespace; nil for a link that hangs on none.
    public let parentIndex: Int32?
    /// How it shares its parent link; nil for what is no macvlan.
    public let macvlanMode: MacvlanLinkMode?
}

extension NetlinkAttributes {
    fileprivate var macvlanMode: MacvlanLinkMode? {
        guard string(IFLA_INFO_KIND) == "macvlan" else { return nil }
        let value = nest(IFLA_INFO_DATA)?.number(IFLA_MACVLAN_MODE, UInt32.self)
        return MacvlanLinkMode.allCases.first { $0.kernelValue == value }
    }
}

extension LinkDescription {
    /// Reads what the kernel says of a link; nil for any other message, and for one that lacks index or name.
    init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWLINK),
            let attributes = message.attributes(afterHeader: MemoryLayout<ifinfomsg>.size),
            let index = message.body.number(at: 4, Int32.self), let flags = message.body.number(at: 8, UInt32.self),
            let name = attributes.string(IFLA_IFNAME)
        else { return nil }
        self.init(
            index: index, name: name, mac: attributes.octets(IFLA_ADDRESS).flatMap { MACAddress(octets: Array($0)) },
            isUp: flags & UInt32(IFF_UP) != 0, kind: attributes.nest(IFLA_LINKINFO)?.string(IFLA_INFO_KIND),
            parentIndex: attributes.number(IFLA_LINK, Int32.self),
            macvlanMode: attributes.nest(IFLA_LINKINFO)?.macvlanMode)
    }
}

extension NetlinkSocket {
    /// All links of this namespace, or of the one numbered `targetNamespace` here.
    ///
    /// - Throws: EINVAL where no namespace has that number.
    public borrowing func links(targetNamespace: Int32? = nil) throws(NetlinkError) -> [LinkDescription] {
        var request = NetlinkRequest()
        request.dumpLinks(targetNamespace: targetNamespace)
        var links: [LinkDescription] = []
        try dump(request) { message in
            if let link = LinkDescription(message) { links.append(link) }
        } restart: {
            links = []
        }
        return links
    }
}
