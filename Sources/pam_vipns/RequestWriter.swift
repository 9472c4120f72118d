internal import CPAM

/// Writes the few requests of this module, as Varlink frames them: JSON and a NUL.
struct RequestWriter: ~Copyable {
    /// What is taken of a text from PAM; account, terminal and host names are shorter by far.
    static let textLimit = 256

    private var octets: OctetBuffer
    private var hasMember = false

    /// Begins a request; `method` is a name like `io.vipns.Login`.
    init(method: Literal) throws(Failure) {
        // Four texts, in the worst case six octets for one.
        octets = try OctetBuffer(capacity: 4 * 6 * Self.textLimit + 256)
        octets.append("{\"method\":\"")
        octets.append(method)
        octets.append("\",\"parameters\":{")
    }

    /// Adds a parameter; nothing where `value` is missing.
    ///
    /// What is no UTF-8 becomes U+FFFD and what is too long is cut.
    /// - Returns: whether the value went in as it is.
    @discardableResult
    mutating func add(_ name: Literal, _ value: CText?) -> Bool {
        guard let value = value else { return true }
        if hasMember { octets.append(0x2C) }
        hasMember = true
        octets.append(0x22)
        octets.append(name)
        octets.append("\":\"")
        let isWhole = append(escaping: value)
        octets.append(0x22)
        return isWhole
    }

    private mutating func append(escaping text: CText) -> Bool {
        let count = text.count(limit: Self.textLimit &+ 1)
        let end = min(count, Self.textLimit)
        var isWhole = count == end
        var index = 0
        while index < end {
            // A character that the limit cuts in two is none.
            let length = text.characterLength(at: index)
            if index &+ length > end { return false }
            switch length {
            case 0:
                octets.append("\u{FFFD}")
                isWhole = false
            case 1: append(escaping: text[index])
            default: octets.append(text, index, length)
            }
            index &+= max(length, 1)
        }
        return isWhole
    }

    private mutating func append(escaping octet: UInt8) {
        switch octet {
        case 0x22, 0x5C:
            octets.append(0x5C)
            octets.append(octet)
        case 0x20..<0x7F: octets.append(octet)
        default:
            octets.append("\\u00")
            octets.append(hexDigit(octet >> 4))
            octets.append(hexDigit(octet & 15))
        }
    }

    private func hexDigit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }

    /// Ends the request.
    ///
    /// - Throws: ``Failure/request(_:)`` where it did not fit, which the limit rules out.
    consuming func finish() throws(Failure) -> OctetBuffer {
        octets.append("}}")
        octets.append(0)
        if octets.isCutOff { throw .request("the request is too long") }
        return octets
    }
}
