import Foundation
import FuzzStart

@testable import PAMModule

/// Feeds a frame to the reader of answers, in memory of exactly its size.
///
/// What it accepts must be JSON for Foundation's reader too, and every text of the form that the module relies on.
@c(LLVMFuzzerTestOneInput)
public func fuzzReply(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let frame = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    guard !frame.contains(0), let octets = try? buffer(of: frame) else { return 0 }
    guard let reply = try? ReplyReader.read(octets) else { return 0 }
    if String(validating: frame, as: UTF8.self) != nil {
        // What is passed over is not checked for Unicode, which Foundation does.
        let isJSON = (try? JSONSerialization.jsonObject(with: Data(withSmallNumbers(frame)))) != nil
        precondition(isJSON || frame.contains(0x5C), "no JSON was taken for some")
    }
    if let session = reply.session {
        check(session.id, in: reply, longest: 8, "abcdefghijklmnopqrstuvwxyz234567")
        precondition(session.id.count == 8)
        check(session.pool, in: reply, longest: 31, "abcdefghijklmnopqrstuvwxyz0123456789-")
        if let address = session.address { check(address, in: reply, longest: 45, "0123456789abcdefABCDEF.:") }
    }
    if let message = reply.message {
        let text = String(validating: read(message, in: reply), as: UTF8.self)
        precondition(message.count <= 512 && text?.unicodeScalars.contains { isControl($0) } == false)
    }
    return 0
}

/// Of each row of digits the first and a 1: Foundation refuses numbers that no Double can hold, which are JSON all the same
/// (RFC 8259, section 6).
private func withSmallNumbers(_ frame: [UInt8]) -> [UInt8] {
    var (small, length) = ([UInt8](), 0)
    for octet in frame {
        length = (0x30...0x39).contains(octet) ? length + 1 : 0
        if length < 3 { small.append(length == 2 ? 0x31 : octet) }
    }
    return small
}

private func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.generalCategory == .control }

private func buffer(of frame: [UInt8]) throws(PAMModule.Failure) -> OctetBuffer {
    var octets = try OctetBuffer(capacity: frame.count)
    for octet in frame { octets.append(octet) }
    return octets
}

private func read(_ piece: Piece, in reply: borrowing Reply) -> [UInt8] {
    let text = reply.cText(piece)
    let octets = (0..<piece.count).map { text[$0] }
    precondition(text[piece.count] == 0, "not closed with a NUL")
    return octets
}

private func check(_ piece: Piece, in reply: borrowing Reply, longest: Int, _ allowed: String) {
    let octets = read(piece, in: reply)
    precondition((1...longest).contains(octets.count) && octets.allSatisfy(Set(allowed.utf8).contains))
}

@main enum PAMReplyFuzz {
    static func main() { unsafe fuzz(seeds: seeds) { unsafe fuzzReply($0, $1) } }

    /// Answers as the service gives them.
    private static var seeds: [[UInt8]] {
        let session = #""session":{"id":"k7f3q2m4","pool":"lab","address":"192.0.2.10","leaders":[1,2],"mac":null}"#
        let answers = [
            #"{"parameters":{"outcome":"granted",\#(session),"namespace":0,"message":"a\n\u00e9\ud83d\ude00"}}"#,
            #"{"parameters":{"outcome":"isolated","session":null,"message":"gone"},"continues":false}"#,
            #"{"error":"io.vipns.PoolExhausted","parameters":{"pool":"lab","message":"none left","text":"\"x\""}}"#,
            #"{"parameters":{"a":[1,-2.5e+3,true,false,null,{"b":[[]]}],"outcome":"kept"}}"#,
        ]
        return answers.map { Array($0.utf8) }
    }
}
