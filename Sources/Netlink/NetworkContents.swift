public import Addressing
internal import CLinux
internal import Glibc

/// The addresses and routes of a namespace, as far as they tell whether a session's network is whole.
public struct NetworkContents: Sendable {
    /// An address on a link.
    public struct Address: Hashable, Sendable {
        /// The link's index.
        public let link: Int32
        /// The address and its network's length.
        public let prefix: IPPrefix

        /// Puts the two together.
        public init(link: Int32, prefix: IPPrefix) {
            self.link = link
            self.prefix = prefix
        }
    }

    /// A route of the tables that the kernel and administrators use.
    public struct RouteEntry: Hashable, Sendable {
        /// The link that it leads to.
        public let link: Int32
        /// Where to, without host bits.
        public let destination: IPPrefix
        /// The neighbour that takes it on; nil for what is reached directly.
        public let gateway: IPAddress?
        /// Whether it makes an address the namespace's own (table `local`).
        public let isLocal: Bool

        /// Puts the facts together.
        public init(link: Int32, destination: IPPrefix, gateway: IPAddress?, isLocal: Bool) {
            self.link = link
            self.destination = destination
            self.gateway = gateway
            self.isLocal = isLocal
        }
    }

    /// All addresses.
    public fileprivate(set) var addresses: Set<Address> = []
    /// Unicast routes of table `main`, and local ones of table `local`.
    public fileprivate(set) var routes: Set<RouteEntry> = []
}

extension NetlinkSocket {
    /// What the socket's namespace has.
    ///
    /// - Throws: the kernel's refusal.
    public borrowing func networkContents() throws(NetlinkError) -> NetworkContents {
        var contents = NetworkContents()
        contents.addresses = Set(try addresses())
        var request = NetlinkRequest(capacity: 256)
        request.begin(
            type: UInt16(RTM_GETROUTE), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP), purpose: "list routes")
        request.putHeader(rtmsg())
        try dump(request) { message in
            if let route = NetworkContents.RouteEntry(message) { contents.routes.insert(route) }
        } restart: {
            contents.routes = []
        }
        return contents
    }

    /// All addresses of this namespace, or of the one numbered `targetNamespace` here: then the socket must be a strict one.
    ///
    /// - Throws: EINVAL where no namespace has that number.
    public borrowing func addresses(
        targetNamespace: Int32? = nil
    ) throws(NetlinkError) -> [NetworkContents.Address] {
        var request = NetlinkRequest(capacity: 256)
        request.dumpAddresses(targetNamespace: targetNamespace)
        var addresses: [NetworkContents.Address] = []
        try dump(request) { message in
            if let address = NetworkContents.Address(message) { addresses.append(address) }
        } restart: {
            addresses = []
        }
        return addresses
    }
}

extension NetworkContents.Address {
    init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWADDR), let length = message.body.number(at: 1, UInt8.self),
            let link = message.body.number(at: 4, Int32.self),
            let attributes = message.attributes(afterHeader: MemoryLayout<ifaddrmsg>.size),
            // IFA_ADDRESS is the other end where the link has two.
            let octets = attributes.octets(IFA_LOCAL) ?? attributes.octets(IFA_ADDRESS),
            let address = IPAddress(octets: Array(octets)), let prefix = IPPrefix(address, length: Int(length))
        else { return nil }
        self.init(link: link, prefix: prefix)
    }
}

extension NetworkContents.RouteEntry {
    init?(_ message: NetlinkMessage) {
        guard message.type == UInt16(RTM_NEWROUTE), let family = message.body.number(at: 0, UInt8.self),
            let length = message.body.number(at: 1, UInt8.self), let type = message.body.number(at: 7, UInt8.self),
            let attributes = message.attributes(afterHeader: MemoryLayout<rtmsg>.size),
            let link = attributes.number(RTA_OIF.rawValue, Int32.self),
            let table = attributes.number(RTA_TABLE.rawValue, UInt32.self),
            family == UInt8(AF_INET) || family == UInt8(AF_INET6)
        else { return nil }
        let isLocal = table == RT_TABLE_LOCAL.rawValue && type == UInt8(RTN_LOCAL)
        guard isLocal || table == RT_TABLE_MAIN.rawValue && type == UInt8(RTN_UNICAST) else { return nil }
        let all = family == UInt8(AF_INET) ? IPAddress(ipv4: 0) : IPAddress(ipv6: 0)
        let octets = attributes.octets(RTA_DST.rawValue)
        guard let address = octets.map({ IPAddress(octets: Array($0)) }) ?? all,
            let destination = IPPrefix(address, length: Int(length))
        else { return nil }
        let gateway = attributes.octets(RTA_GATEWAY.rawValue).flatMap { IPAddress(octets: Array($0)) }
        self.init(link: link, destination: destination, gateway: gateway, isLocal: isLocal)
    }
}
