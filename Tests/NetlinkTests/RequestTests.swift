import Addressing
import Testing

@testable import Netlink

/// The requests that the laboratory and the helper send one by one, octet by octet; little-endian.
struct RequestTests {
    @Test func `a veth pair goes to two places at once`() throws {
        var request = NetlinkRequest()
        request.createVethPair(name: "lan0", place: .descriptor(5), peer: "p0", peerPlace: .descriptor(6))
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            108, 0, 0, 0, 16, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0, // RTM_NEWLINK, REQUEST ACK EXCL CREATE
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg
            9, 0, 3, 0, 0x6c, 0x61, 0x6e, 0x30, 0, 0, 0, 0,          // IFLA_IFNAME "lan0"
            8, 0, 28, 0, 5, 0, 0, 0,                                 // IFLA_NET_NS_FD 5
            56, 0, 18, 0x80,                                         // IFLA_LINKINFO, nested
            9, 0, 1, 0, 0x76, 0x65, 0x74, 0x68, 0, 0, 0, 0,          //   IFLA_INFO_KIND "veth"
            40, 0, 2, 0x80,                                          //   IFLA_INFO_DATA, nested
            36, 0, 1, 0x80,                                          //     VETH_INFO_PEER, nested
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          //       ifinfomsg
            7, 0, 3, 0, 0x70, 0x30, 0, 0,                            //       IFLA_IFNAME "p0"
            8, 0, 28, 0, 6, 0, 0, 0,                                 //       IFLA_NET_NS_FD 6
        ])
    }

    @Test func `a bridge has a name and a kind`() throws {
        var request = NetlinkRequest()
        request.createBridge(name: "br0")
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            56, 0, 0, 0, 16, 0, 0x05, 0x06, 1, 0, 0, 0, 0, 0, 0, 0,  // RTM_NEWLINK, REQUEST ACK EXCL CREATE
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg
            8, 0, 3, 0, 0x62, 0x72, 0x30, 0,                         // IFLA_IFNAME "br0"
            16, 0, 18, 0x80,                                         // IFLA_LINKINFO, nested
            11, 0, 1, 0, 0x62, 0x72, 0x69, 0x64, 0x67, 0x65, 0, 0,   //   IFLA_INFO_KIND "bridge"
        ])
    }

    @Test func `a port and its bridge`() throws {
        var request = NetlinkRequest()
        request.attachLink(index: 4, name: "p0", toBridge: 9)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            40, 0, 0, 0, 19, 0, 0x05, 0, 1, 0, 0, 0, 0, 0, 0, 0,     // RTM_SETLINK, REQUEST ACK
            0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg: index 4, no flag touched
            8, 0, 10, 0, 9, 0, 0, 0,                                 // IFLA_MASTER 9
        ])
    }

    @Test func `down is the bit left out and named as changed`() throws {
        var request = NetlinkRequest()
        request.setLink(index: 4, name: "p0", up: false)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            32, 0, 0, 0, 19, 0, 0x05, 0, 1, 0, 0, 0, 0, 0, 0, 0,     // RTM_SETLINK, REQUEST ACK
            0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0,          // ifinfomsg: index 4, change IFF_UP
        ])
    }

    @Test func `a link is deleted in the namespace of that number`() throws {
        var request = NetlinkRequest()
        request.deleteLink(name: "eth0", targetNamespace: 0x100002)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            52, 0, 0, 0, 17, 0, 0x05, 0, 1, 0, 0, 0, 0, 0, 0, 0,     // RTM_DELLINK, REQUEST ACK
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg
            9, 0, 3, 0, 0x65, 0x74, 0x68, 0x30, 0, 0, 0, 0,          // IFLA_IFNAME "eth0"
            8, 0, 46, 0, 0x02, 0, 0x10, 0,                           // IFLA_TARGET_NETNSID 0x100002
        ])
    }

    @Test func `links are listed in the namespace of that number`() throws {
        var request = NetlinkRequest()
        request.dumpLinks(targetNamespace: 0x100002)
        let octets = request.octets
        // swift-format-ignore
        #expect(octets == [
            40, 0, 0, 0, 18, 0, 0x01, 0x03, 1, 0, 0, 0, 0, 0, 0, 0,  // RTM_GETLINK, REQUEST DUMP
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,          // ifinfomsg
            8, 0, 46, 0, 0x02, 0, 0x10, 0,                           // IFLA_TARGET_NETNSID 0x100002
        ])
    }

    @Test func `a namespace's number is asked for by descriptor, and all are asked for by a dump`() throws {
        var one = NetlinkRequest()
        one.numberOf(namespace: 7)
        let oneOctets = one.octets
        // swift-format-ignore
        #expect(oneOctets == [
            28, 0, 0, 0, 90, 0, 0x01, 0, 1, 0, 0, 0, 0, 0, 0, 0,     // RTM_GETNSID, REQUEST
            0, 0, 0, 0,                                              // rtgenmsg
            8, 0, 3, 0, 7, 0, 0, 0,                                  // NETNSA_FD 7
        ])
        var all = NetlinkRequest()
        all.dumpNumbers()
        let allOctets = all.octets
        // swift-format-ignore
        #expect(allOctets == [
            20, 0, 0, 0, 90, 0, 0x01, 0x03, 1, 0, 0, 0, 0, 0, 0, 0,  // RTM_GETNSID, REQUEST DUMP
            0, 0, 0, 0,                                              // rtgenmsg
        ])
    }
}
