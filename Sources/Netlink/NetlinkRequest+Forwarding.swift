public import Addressing
internal import CLinux
internal import Glibc

extension NetlinkRequest {
    /// Asks for the MAC addresses that a link takes in besides its own; rtnetlink(7), RTM_GETNEIGH of AF_BRIDGE.
    public mutating func dumpForwarding(linkIndex: Int32) {
        begin(
            type: UInt16(RTM_GETNEIGH), flags: UInt16(NLM_F_REQUEST | NLM_F_DUMP),
            purpose: "list the MAC addresses that link \(linkIndex) takes in")
        // Not ndmsg: of that the kernel looks at no field here, and lists all links.
        var header = ifinfomsg()
        header.ifi_family = UInt8(AF_BRIDGE)
        header.ifi_index = linkIndex
        putHeader(header)
    }
}

extension NetlinkSocket {
    /// The MAC addresses of the macvlans on a link that are up, in whichever namespace: it takes them in for them.
    ///
    /// Needs no privilege. Waits while the kernel makes or takes down links.
    /// - Throws: the kernel's refusal.
    public borrowing func macAddresses(onLink index: Int32) throws(NetlinkError) -> Set<MACAddress> {
        var request = NetlinkRequest()
        request.dumpForwarding(linkIndex: index)
        var found: Set<MACAddress> = []
        try dump(request) { message in
            guard message.type == UInt16(RTM_NEWNEIGH), message.body.number(at: 4, Int32.self) == index,
                let attributes = message.attributes(afterHeader: MemoryLayout<ndmsg>.size),
                let octets = attributes.octets(NDA_LLADDR), let mac = MACAddress(octets: Array(octets))
            else { return }
            found.insert(mac)
        } restart: {
            found = []
        }
        return found
    }
}
