import ClientAPI
import FuzzStart

@testable import Varlink

/// What any method may ask for: every kind of field that io.vipns has.
private struct Parameters: Decodable {
    let session: String
    let limit: Int64?
    let names: [String]?
    let inner: [String: String]?
}

/// Feeds a stream to the frame decoder, cut where its first octet says, and every frame to the service's reader of calls and
/// to the clients' readers of replies: root reads what a service without privilege answers.
///
/// The same stream in one piece must give the same frames.
@c(LLVMFuzzerTestOneInput)
public func fuzzVarlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let octets = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let step = max(1, Int(octets.first ?? 1))
    let whole = frames(of: octets, step: max(1, octets.count))
    precondition(frames(of: octets, step: step) == whole, "the cut changes what is found")
    for frame in whole {
        readReply(frame)
        guard let call = VarlinkCall(frame: frame) else { continue }
        _ = try? call.parameters(as: Parameters.self)
    }
    return 0
}

private func readReply(_ frame: [UInt8]) {
    guard !JSONText.isTooDeep(frame) else { return }
    read(frame, as: Method.Open.Reply.self)
    read(frame, as: Method.Login.Reply.self)
    read(frame, as: Method.Show.Reply.self)
    read(frame, as: Method.Pools.Reply.self)
    read(frame, as: Method.Addresses.Reply.self)
    read(frame, as: Method.History.Reply.self)
    read(frame, as: Method.Watch.Reply.self)
    read(frame, as: Method.Collect.Reply.self)
    read(frame, as: Method.Reload.Reply.self)
}

private func read<Reply: Decodable>(_ frame: [UInt8], as type: Reply.Type) {
    guard let envelope = try? JSONText.decode(ReplyEnvelope<Reply>.self, from: frame) else { return }
    guard case .error(let name) = envelope.content else { return }
    _ = VarlinkErrorReply(name: name, received: frame).description
}

private func frames(of octets: [UInt8], step: Int) -> [[UInt8]] {
    var decoder = FrameDecoder(maximumOctets: 4096)
    var found: [[UInt8]] = []
    do {
        for start in stride(from: 0, to: octets.count, by: step) {
            decoder.feed(Array(octets[start..<min(start + step, octets.count)]))
            while let frame = try decoder.next() { found.append(frame) }
        }
    } catch {
        // A stream that cannot be read ends here; what came before it counts.
    }
    return found
}

@main enum VarlinkFuzz {
    static func main() { unsafe fuzz(seeds: seeds) { unsafe fuzzVarlink($0, $1) } }

    /// Each is cut after its first octet's number of octets: "{" is 123.
    private static var seeds: [[UInt8]] {
        [
            #"{"error":"io.vipns.SessionNotFound","parameters":{"session":"k7f3q2m9"}}"#,
            #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"io.vipns.Opens"}}"#,
            #"{"parameters":{"outcome":"granted","session":\#(session)},"continues":true}"#,
            #"{"parameters":{"session":\#(session),"members":[7]}}"#,
            #"{"parameters":{"pools":[{"name":"lab","total":3,"free":1,"held":1,"quarantined":0}]}}"#,
            #"{"parameters":{"addresses":[{"first":"10.77.0.101","last":"10.77.0.103","state":"free"}]}}"#,
            #"{"method":"io.vipns.Show","parameters":{"session":"k7f3q2m9"}}"#,
        ].map { Array($0.utf8) + [0] }
    }

    private static let session =
        #"{"id":"k7f3q2m9","state":"active","mode":"enter","scope":"session","pool":"lab","user":"alice","uid":1000,"#
        + #""service":"sshd","leaders":[7],"leftovers":"wait","number":1048577,"boot":"b","opened":1,"openedBoot":1}"#
}
