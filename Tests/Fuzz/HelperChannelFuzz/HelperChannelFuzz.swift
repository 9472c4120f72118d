import Addressing
import FuzzStart
import HelperChannel
import Netlink

/// Feeds one datagram to both readers of the helper channel.
///
/// What is accepted must be what a sender could have meant: written again and read again, it is the same.
@c(LLVMFuzzerTestOneInput)
public func fuzzHelperChannel(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let octets = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if let (sequence, request) = try? HelperRequest.decode(octets) {
        guard let again = try? request.encoded(sequence: sequence), let back = try? HelperRequest.decode(again) else {
            preconditionFailure("a request that was read cannot be written")
        }
        precondition(back.request == request && back.sequence == sequence, "a request changes on its way")
    }
    if let (sequence, answer) = try? HelperAnswer.decode(octets) {
        guard let again = try? answer.encoded(sequence: sequence), let back = try? HelperAnswer.decode(again) else {
            preconditionFailure("an answer that was read cannot be written")
        }
        precondition(back.answer == answer && back.sequence == sequence, "an answer changes on its way")
    }
    return 0
}

@main enum HelperChannelFuzz {
    static func main() { unsafe fuzz(seeds: seeds) { unsafe fuzzHelperChannel($0, $1) } }

    /// One message of each kind.
    private static var seeds: [[UInt8]] {
        guard let session = SessionID("k7f3q2m5"), let address = IPPrefix("10.77.0.101/24") else { return [] }
        let number = HelperProtocol.firstNumber
        let link = SessionLink(
            parent: "lan0", mode: .bridge, mac: MACAddress(virtualIP: address.address, farm: 0),
            addresses: [SessionAddress(prefix: address, gateway: IPAddress("10.77.0.1"))], mtuBytes: 1400,
            routes: IPPrefix("10.2.0.0/16").map { [Route(to: $0, via: address.address)] } ?? [])
        let six = IPPrefix("fd76:6970:6e73::101/64").map { SessionAddress(prefix: $0, gateway: $0.address) }
        let pair = SessionLink(
            parent: link.parent, mode: .vepa, mac: link.mac, addresses: link.addresses + [six].compactMap(\.self),
            routes: link.routes + (IPPrefix("2001:db8::/32").map { [Route(to: $0, via: $0.address)] } ?? []))
        let name = NetworkSettingName("net.ipv4.ip_forward")
        let preparation = NamespacePreparation(
            settings: name.flatMap { NetworkSetting($0, "1") }.map { [$0] } ?? [], inherited: name.map { [$0] } ?? [],
            firewall: "/etc/vipns/a.nft")
        let requests: [HelperRequest] = [
            .hello(version: HelperProtocol.version), .listen, .make(session, number: number),
            .connect(session, link: nil), .connect(session, link: link), .connect(session, link: pair), .join(session),
            .members,
            .kill(number: number), .dismantle(session, number: number), .unpin(session, number: number),
            .deleteLink(number: number), .list, .reload(checksum: 7), .settle(checksum: 7),
            .deleteLink(number: number), .list, .make(session, number: number, preparation: preparation),
        ]
        let answers: [HelperAnswer] = [
            .done, .hello(version: HelperProtocol.version), .cookie(7), .alive(true, inode: 7), .count(1),
            .failed(HelperFailure(errno: 98, description: "cannot")), .gone(number: number), .overrun,
            .found(HelperAnswer.Found(session: session, number: number, cookie: 7, hasLink: true)),
        ]
        return requests.compactMap { try? $0.encoded(sequence: 1) }
            + answers.compactMap { try? $0.encoded(sequence: 1) }
    }
}
