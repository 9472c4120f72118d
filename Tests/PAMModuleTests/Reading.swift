@testable import PAMModule

/// An answer as tests see it.
struct Read: Equatable {
    var error: String?
    var outcome: LoginOutcome?
    var session: [String?]?
    var message: String?
    var text: String?
    var namesDescriptor = false
}

/// Reads a frame as the module does.
func read(_ frame: some Collection<UInt8>) throws(Failure) -> Read {
    var octets = try OctetBuffer(capacity: ReplyReader.octetLimit)
    for octet in frame { octets.append(octet) }
    guard !octets.isCutOff else { throw .malformed("the test is wrong") }
    let reply = try ReplyReader.read(octets)
    return Read(
        error: string(reply.error, in: reply), outcome: reply.outcome,
        session: reply.session.map { facts in
            [facts.id, facts.pool, facts.address, facts.pairedAddress].map { string($0, in: reply) }
        }, message: string(reply.message, in: reply), text: string(reply.text, in: reply),
        namesDescriptor: reply.namesDescriptor)
}

/// Reads a frame as the module does.
func read(_ frame: String) throws(Failure) -> Read { try read(Array(frame.utf8)) }

/// The text at a piece, which must also be a C string there.
private func string(_ piece: Piece?, in reply: borrowing Reply) -> String? {
    guard let piece else { return nil }
    let octets = (0..<piece.count).map { reply.octets[piece.start + $0] }
    precondition(reply.octets[piece.start + piece.count] == 0, "not closed with a NUL")
    return String(decoding: octets, as: UTF8.self)
}

/// A text of libpam's, with any octets.
func withText<Value>(_ octets: [UInt8], _ body: (CText) throws -> Value) rethrows -> Value {
    try unsafe (octets + [0]).map { CChar(bitPattern: $0) }.withUnsafeBufferPointer { buffer in
        guard let start = buffer.baseAddress else { return try body(Literal("").text) }
        return try body(unsafe CText(borrowing: start))
    }
}
