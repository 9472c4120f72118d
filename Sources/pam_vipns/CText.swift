internal import CPAM

/// A C string of libpam's, of the configuration's, or of this module's own.
///
/// Sound as long as it ends with a NUL and is not kept beyond what owns it: what libpam lends lasts for the call, a literal
/// for ever, a piece of a buffer until the buffer changes.
@safe struct CText {
    /// Where it begins.
    let pointer: UnsafePointer<CChar>

    /// Wraps what C code gave.
    @unsafe init(borrowing pointer: UnsafePointer<CChar>) { unsafe self.pointer = pointer }

    /// How many octets there are, at most `limit`; strnlen(3).
    func count(limit: Int) -> Int { unsafe strnlen(pointer, limit) }

    /// The octet at `index`, which is not past the NUL.
    subscript(_ index: Int) -> UInt8 { UInt8(bitPattern: unsafe pointer[index]) }

    /// How many octets the character at `index` has; 0 for ill-formed UTF-8.
    ///
    /// Nothing past the NUL is read.
    func characterLength(at index: Int) -> Int {
        let first = self[index]
        let second = first == 0 ? 0 : self[index &+ 1]
        let third = second == 0 ? 0 : self[index &+ 2]
        let fourth = third == 0 ? 0 : self[index &+ 3]
        return UTF8Check.length(first, second, third, fourth)
    }

    /// Whether a control character stands at `index`.
    func isControl(at index: Int) -> Bool { UTF8Check.isControl(self[index], self[index] == 0 ? 0 : self[index &+ 1]) }

    /// Whether it is `other`; strcmp(3).
    func equals(_ other: Literal) -> Bool { unsafe strcmp(pointer, other.text.pointer) == 0 }

    /// Whether it begins with `other`; strncmp(3).
    func hasPrefix(_ other: Literal) -> Bool {
        unsafe strncmp(pointer, other.text.pointer, other.count) == 0
    }

    /// What follows the first `count` octets, none of which is the NUL.
    func dropFirst(_ count: Int) -> CText { unsafe CText(borrowing: pointer + count) }
}

/// A text of this module's own.
///
/// The standard library's StaticString checks at each use, with a trap, that it is no single character; here that happens
/// while compiling. Safe to share, since nobody can change it.
@safe struct Literal: ExpressibleByStringLiteral, @unchecked Sendable {
    /// Where it stands.
    let text: CText
    /// How many octets it has.
    let count: Int

    /// Takes a literal, which ends with a NUL and lives for ever.
    @inline(__always) init(stringLiteral literal: StaticString) {
        text = unsafe CText(borrowing: UnsafeRawPointer(literal.utf8Start).assumingMemoryBound(to: CChar.self))
        count = literal.utf8CodeUnitCount
    }
}
