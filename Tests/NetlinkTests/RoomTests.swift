import Addressing
import LinuxSystem
import Netlink
import Testing

/// A request never grows past its room and never leaves a part out.
struct RoomTests {
    @Test(arguments: 0..<152)
    func `a message that does not fit whole does not exist`(capacity: Int) throws {
        var request = NetlinkRequest(capacity: capacity)
        try putMacvlan(in: &request)
        let octets = request.octets
        #expect(octets == nil)
    }

    @Test func `a message may fill the room to the last octet`() throws {
        var request = NetlinkRequest(capacity: 152)
        try putMacvlan(in: &request)
        let octets = request.octets
        #expect(octets?.count == 152)
    }

    @Test func `what comes after an overflow is refused too, however small`() throws {
        var request = NetlinkRequest(capacity: 64)
        request.begin(type: 16, flags: 1, purpose: "")
        request.put(1, octets: [UInt8](repeating: 1, count: 100))
        request.put(2, UInt32(1))
        request.nest(3) { $0.put(4, UInt32(1)) }
        request.setLink(index: 1, name: "lo", up: true)
        let octets = request.octets
        #expect(octets == nil)
    }

    @Test func `an attribute outside of a message is refused`() {
        var request = NetlinkRequest(capacity: 64)
        request.put(1, UInt32(1))
        let octets = request.octets
        #expect(octets == nil)
        var nested = NetlinkRequest(capacity: 64)
        nested.nest(1) { $0.put(2, UInt32(1)) }
        let nestedOctets = nested.octets
        #expect(nestedOctets == nil)
    }

    @Test func `a request that is too large is not sent`() throws {
        let socket = try NetlinkSocket()
        var request = NetlinkRequest(capacity: 24)
        request.setLink(index: 1, name: "lo", up: true)
        let error = NetlinkError(operation: "set link 'lo' up", errno: .messageSize)
        #expect(throws: error) { try socket.perform(request) }
    }

    private func putMacvlan(in request: inout NetlinkRequest) throws {
        request.createMacvlan(
            name: "eth0", temporaryName: "vipns-abcdefgh", index: 0x100_0001,
            mac: try #require(MACAddress("02:00:0a:4d:00:65")), parentIndex: 3,
            parentNamespace: 0, parentName: "lan0", mode: .bridge)
    }
}
