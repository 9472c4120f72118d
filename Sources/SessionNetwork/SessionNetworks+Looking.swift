internal import Addressing
internal import Glibc
internal import LinuxSystem
public import Netlink

extension SessionNetworks {
    /// A session's link as the kernel has it, without gateways, routes and MTU: what a lost store knew of it.
    ///
    /// It is looked at by the namespace's number: nothing is opened inside, so nothing can hold it. The link is told by
    /// its kind: it may have got another name.
    /// - Returns: nil where the session has no macvlan link, or none with an address.
    /// - Throws: the kernel's refusal.
    public func look(number: Int32) throws(NetworkError) -> SessionLink? {
        do throws(NetlinkError) {
            let link = try host.links(targetNamespace: number).first(where: Self.isSessionLink)
            guard let link, let mode = link.macvlanMode, let mac = link.mac,
                let parent = link.parentIndex.flatMap({ Self.name(ofLink: $0) })
            else { return nil }
            let addresses = try Self.addresses(number).filter { $0.link == link.index }.map(\.prefix)
            let own = [IPAddress.Family.ipv4, .ipv6].compactMap { family in
                addresses.first { $0.address.family == family && !$0.address.isLinkLocal }
            }
            guard !own.isEmpty else { return nil }
            return SessionLink(
                parent: parent, mode: mode, mac: mac, addresses: own.map { SessionAddress(prefix: $0, gateway: nil) })
        } catch {
            throw NetworkError(error)
        }
    }

    private static func addresses(_ number: Int32) throws(NetlinkError) -> [NetworkContents.Address] {
        let socket: NetlinkSocket
        do throws(Errno) {
            socket = try NetlinkSocket(isStrict: true)
        } catch {
            throw NetlinkError(operation: "open a netlink socket", errno: error)
        }
        return try socket.addresses(targetNamespace: number)
    }

    /// The name of a link of the host, which this thread is in; nil where it is gone.
    private static func name(ofLink index: Int32) -> String? {
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        // The array is as long as if_indextoname(3) asks for.
        guard index > 0, unsafe if_indextoname(UInt32(index), &name) != nil else { return nil }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
