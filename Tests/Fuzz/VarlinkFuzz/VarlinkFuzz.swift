import FuzzStart
import Varlink

/// What any method may ask for: every kind of field that io.vipns has.
private struct Parameters: Decodable {
    let session: String
    let limit: Int64?
    let names: [String]?
    let inner: [String: String]?
}

/// Feeds a stream to the frame decoder, cut where its first octet says, and every frame to the reader of calls.
///
/// The same stream in one piece must give the same frames.
@c(LLVMFuzzerTestOneInput)
public func fuzzVarlink(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let octets = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    let step = max(1, Int(octets.first ?? 1))
    let whole = frames(of: octets, step: max(1, octets.count))
    precondition(frames(of: octets, step: step) == whole, "the cut changes what is found")
    for frame in whole {
        guard let call = VarlinkCall(frame: frame) else { continue }
        _ = try? call.parameters(as: Parameters.self)
    }
    return 0
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
    static func main() { unsafe fuzz { unsafe fuzzVarlink($0, $1) } }
}
