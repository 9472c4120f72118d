/// Reads JSON of limited size and depth from front to back; RFC 8259.
///
/// It keeps nothing but its position. Strings are decoded where they stand, which never makes them longer, and closed with a
/// NUL; so a value is read once, or skipped.
struct JSONScanner: ~Copyable {
    /// How deep objects and arrays may stand in each other; an answer of the service needs three.
    static let depthLimit = 16

    /// The text, strings decoded up to the position.
    private(set) var octets: OctetBuffer
    /// The next octet to read.
    private(set) var position = 0
    private var depth = 0

    /// Takes the text of one frame.
    init(_ octets: consuming OctetBuffer) {
        self.octets = octets
    }

    /// Gives the text back.
    consuming func finish() -> OctetBuffer { octets }

    /// Goes to a place that was left before.
    mutating func rewind(to position: Int) { self.position = position }

    /// The next octet that is no white space, left in place.
    mutating func peek() -> UInt8 {
        while true {
            switch octets[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position &+= 1
            case let octet: return octet
            }
        }
    }

    /// Whether only white space is left.
    mutating func isAtEnd() -> Bool {
        _ = peek()
        return position >= octets.count
    }

    private mutating func expect(_ octet: UInt8) throws(Failure) {
        guard peek() == octet else { throw .malformed("it is no JSON") }
        position &+= 1
    }

    /// Enters an object.
    mutating func beginObject() throws(Failure) { try begin(0x7B) }

    private mutating func begin(_ bracket: UInt8) throws(Failure) {
        try expect(bracket)
        depth &+= 1
        if depth > Self.depthLimit { throw .malformed("it is nested too deep") }
    }

    /// The next key of an object that was entered, nil when it is over and left; `isFirst` is true for the first call.
    mutating func nextKey(_ isFirst: inout Bool) throws(Failure) -> Piece? {
        guard try goOn(&isFirst, until: 0x7D) else { return nil }
        let key = try string()
        try expect(0x3A)
        return key
    }

    private mutating func goOn(_ isFirst: inout Bool, until bracket: UInt8) throws(Failure) -> Bool {
        if peek() == bracket {
            position &+= 1
            depth &-= 1
            return false
        }
        if isFirst { isFirst = false } else { try expect(0x2C) }
        return true
    }

    /// Passes over a value of any kind.
    mutating func skipValue() throws(Failure) {
        switch peek() {
        case 0x22: try skipString()
        case 0x7B:
            try begin(0x7B)
            var isFirst = true
            while try goOn(&isFirst, until: 0x7D) {
                guard peek() == 0x22 else { throw .malformed("it is no JSON") }
                try skipString()
                try expect(0x3A)
                try skipValue()
            }
        case 0x5B:
            try begin(0x5B)
            var isFirst = true
            while try goOn(&isFirst, until: 0x5D) { try skipValue() }
        case 0x74: try skipWord("true")
        case 0x66: try skipWord("false")
        case 0x6E: try skipWord("null")
        default: try skipNumber()
        }
    }

    /// Passes over `null`; false where something else stands there.
    mutating func skipNull() throws(Failure) -> Bool {
        guard peek() == 0x6E else { return false }
        try skipWord("null")
        return true
    }

    private mutating func skipWord(_ word: Literal) throws(Failure) {
        var index = 0
        while index < word.count {
            guard octets[position] == word.text[index] else { throw .malformed("it is no JSON") }
            position &+= 1
            index &+= 1
        }
    }

    private mutating func skipNumber() throws(Failure) {
        if octets[position] == 0x2D { position &+= 1 }
        // No zero in front of other digits.
        if octets[position] == 0x30 { position &+= 1 } else { try skipDigits() }
        if octets[position] == 0x2E {
            position &+= 1
            try skipDigits()
        }
        guard octets[position] | 0x20 == 0x65 else { return }
        position &+= 1
        if octets[position] == 0x2B || octets[position] == 0x2D { position &+= 1 }
        try skipDigits()
    }

    private mutating func skipDigits() throws(Failure) {
        let start = position
        while octets[position] &- 0x30 < 10 { position &+= 1 }
        if position == start { throw .malformed("it is no JSON") }
    }

    /// Moves on by one and gives what stood there, for ``JSONScanner/string()``.
    mutating func take() -> UInt8 {
        let octet = octets[position]
        position &+= 1
        return octet
    }

    /// Writes a decoded octet.
    mutating func store(_ octet: UInt8, at index: Int) { octets.store(octet, at: index) }
}
