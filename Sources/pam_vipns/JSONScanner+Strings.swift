extension JSONScanner {
    /// Reads a string and decodes it in place.
    mutating func string() throws(Failure) -> Piece {
        guard peek() == 0x22 else { throw .malformed("it is no JSON, or has a value of a wrong type") }
        _ = take()
        let start = position
        var end = start
        while true {
            let octet = take()
            switch octet {
            case 0x22:
                store(0, at: end)
                return Piece(start: start, count: end &- start)
            case 0..<0x20: throw .malformed("it is no JSON")
            case 0x5C: encode(try escape(), at: &end)
            default:
                store(octet, at: end)
                end &+= 1
            }
        }
    }

    /// Passes over a string without changing it.
    mutating func skipString() throws(Failure) {
        _ = take()
        while true {
            switch take() {
            case 0x22: return
            case 0..<0x20: throw .malformed("it is no JSON")
            case 0x5C: _ = try escape()
            default: continue
            }
        }
    }

    /// What stands after a backslash.
    private mutating func escape() throws(Failure) -> UInt32 {
        switch take() {
        case 0x22: return 0x22
        case 0x5C: return 0x5C
        case 0x2F: return 0x2F
        case 0x62: return 0x08
        case 0x66: return 0x0C
        case 0x6E: return 0x0A
        case 0x72: return 0x0D
        case 0x74: return 0x09
        case 0x75: return try escapedScalar()
        default: throw .malformed("it is no JSON")
        }
    }

    private mutating func escapedScalar() throws(Failure) -> UInt32 {
        let first = try fourHexDigits()
        guard first & 0xF800 == 0xD800 else { return first }
        // A character above U+FFFF comes as two: RFC 8259 §7.
        guard first < 0xDC00, take() == 0x5C, take() == 0x75 else { throw .malformed("it is no Unicode text") }
        let second = try fourHexDigits()
        guard second & 0xFC00 == 0xDC00 else { throw .malformed("it is no Unicode text") }
        return 0x10000 &+ (first & 0x3FF) &<< 10 | second & 0x3FF
    }

    private mutating func fourHexDigits() throws(Failure) -> UInt32 {
        let (first, second) = (hexDigit(take()), hexDigit(take()))
        let (third, fourth) = (hexDigit(take()), hexDigit(take()))
        if first | second | third | fourth > 0xF { throw .malformed("it is no JSON") }
        return first &<< 12 | second &<< 8 | third &<< 4 | fourth
    }

    /// The value of a digit; above 15 for any other octet.
    private func hexDigit(_ octet: UInt8) -> UInt32 {
        switch octet {
        case 0x30...0x39: UInt32(octet &- 0x30)
        case 0x41...0x46: UInt32(octet &- 0x37)
        case 0x61...0x66: UInt32(octet &- 0x57)
        default: 0x10
        }
    }

    /// Writes a character as UTF-8; it is shorter than its escape.
    private mutating func encode(_ scalar: UInt32, at end: inout Int) {
        switch scalar {
        case 0..<0x80: put(scalar, at: &end)
        case 0x80..<0x800:
            put(0xC0 | scalar &>> 6, at: &end)
            put(0x80 | scalar & 0x3F, at: &end)
        case 0x800..<0x10000:
            put(0xE0 | scalar &>> 12, at: &end)
            put(0x80 | scalar &>> 6 & 0x3F, at: &end)
            put(0x80 | scalar & 0x3F, at: &end)
        default:
            put(0xF0 | scalar &>> 18, at: &end)
            put(0x80 | scalar &>> 12 & 0x3F, at: &end)
            put(0x80 | scalar &>> 6 & 0x3F, at: &end)
            put(0x80 | scalar & 0x3F, at: &end)
        }
    }

    private mutating func put(_ octet: UInt32, at end: inout Int) {
        store(UInt8(truncatingIfNeeded: octet), at: end)
        end &+= 1
    }
}
