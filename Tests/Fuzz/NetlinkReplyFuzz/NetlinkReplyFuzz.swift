import Addressing
import FuzzStart

@testable import Netlink

/// Feeds one datagram to every reader of the kernel's answers and events, and to the codec under them.
///
/// A message that was cut out of the datagram, fed by itself, must be read the same.
@c(LLVMFuzzerTestOneInput)
public func fuzzNetlinkReply(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let octets = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard let messages = NetlinkMessage.split(octets) else { return 0 }
    precondition(messages.allSatisfy { $0.body.count + 16 <= octets.count }, "a message is larger than its datagram")
    for message in messages {
        read(message)
        let length = UInt32(message.body.count + 16)
        let header = [length, UInt32(message.type) | UInt32(message.flags) << 16, message.sequence, message.port]
        let octets = header.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
        let alone = octets + message.body
        guard let again = NetlinkMessage.split(alone), let first = again.first, again.count == 1 else {
            preconditionFailure("a message cannot be read by itself")
        }
        precondition(LinkDescription(first) == LinkDescription(message), "a link changes with what stands beside it")
    }
    return 0
}

private func read(_ message: NetlinkMessage) {
    if let answer = message.acknowledgement, let text = answer.text {
        precondition(text.utf8.count <= 3 * message.body.count, "a text came from elsewhere")
    }
    _ = NamespaceNumberEvent(message)
    _ = LinkDescription(message)
    _ = NetworkContents.Address(message)
    _ = NetworkContents.RouteEntry(message)
    _ = SocketDiagnosis.id(in: message)
    for size in [0, 4, 16] {
        guard let attributes = message.attributes(afterHeader: size) else { continue }
        for (type, payload) in attributes.all {
            _ = attributes.string(type)
            _ = attributes.number(type, UInt32.self)
            _ = attributes.nest(type)?.all.map { NetlinkAttributes($0.payload)?.all.count }
            precondition(payload.count <= message.body.count, "an attribute is larger than its message")
        }
    }
}

@main enum NetlinkReplyFuzz {
    static func main() { unsafe fuzz(seeds: seeds) { unsafe fuzzNetlinkReply($0, $1) } }

    /// Requests have the shape of the answers to them: a link, numbers, several in one datagram; and a refusal in words.
    private static var seeds: [[UInt8]] {
        var link = NetlinkRequest(capacity: 512)
        link.createMacvlan(
            name: "eth0", temporaryName: "vipns-abcdefgh", index: 0x100_0001,
            mac: MACAddress(virtualIP: IPAddress(ipv4: 0x0a4d_0065), farm: 0), parentIndex: 3,
            parentNamespace: 0, parentName: "lan0", mode: .bridge, mtuBytes: 1400)
        var number = NetlinkRequest(capacity: 512)
        number.assignNumber(1 << 20, toNamespace: 3)
        number.setLink(index: 1, name: "lo", up: true)
        number.deleteLink(name: "eth0", targetNamespace: 1 << 20)
        var place = NetlinkRequest(capacity: 512)
        var way = NetlinkRequest(capacity: 512)
        if let prefix = IPPrefix("10.77.0.101/24"), let all = IPPrefix("0.0.0.0/0"),
            let gateway = IPAddress("10.77.0.1")
        {
            place.addAddress(prefix, linkIndex: 2, linkName: "eth0")
            way.addRoute(Route(to: all, via: gateway), linkIndex: 2)
        }
        let text = Array("Nexthop has invalid gateway".utf8) + [0]
        // NLMSG_ERROR, NLM_F_CAPPED | NLM_F_ACK_TLVS; -ENETUNREACH, a header of 16 octets, NLMSGERR_ATTR_MSG.
        let refusal: [UInt8] =
            [UInt8(16 + 4 + 16 + 4 + text.count), 0, 0, 0, 2, 0, 0, 3] + [1, 0, 0, 0, 0, 0, 0, 0]
            + [0x9b, 0xff, 0xff, 0xff] + [UInt8](repeating: 0, count: 16) + [UInt8(4 + text.count), 0, 1, 0] + text
        return [link.octets, number.octets, place.octets, way.octets, refusal].compactMap(\.self)
    }
}
