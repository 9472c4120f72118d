/// What a text of the service must look like before it goes into a log, an environment or a user's terminal.
enum TextForm {
    case sessionID
    case poolName
    case address
    case errorName
    case message

    /// Whether the text at `piece` has this form.
    func holds(for piece: Piece, in octets: borrowing OctetBuffer) -> Bool {
        guard piece.count >= shortest, piece.count <= longest else { return false }
        let end = piece.start &+ piece.count
        var index = piece.start
        while index < end {
            let length = length(at: index, before: end, in: octets)
            if length == 0 { return false }
            index &+= length
        }
        return true
    }

    /// Why a text that has not this form is refused.
    var complaint: Literal {
        switch self {
        case .sessionID: "its session id is none"
        case .poolName: "its pool name is none"
        case .address: "its address is none"
        case .errorName: "its error name is none"
        case .message: "its message is too long or no plain text"
        }
    }

    private var shortest: Int {
        switch self {
        case .sessionID: 8
        case .poolName, .address, .errorName: 1
        case .message: 0
        }
    }

    private var longest: Int {
        switch self {
        case .sessionID: 8
        case .poolName: 31
        case .address: 45
        case .errorName: 128
        case .message: 512
        }
    }

    /// How many octets the character at `index` has; 0 where it is none that may stand there.
    private func length(at index: Int, before end: Int, in octets: borrowing OctetBuffer) -> Int {
        let octet = octets[index]
        switch self {
        case .sessionID: return isLetter(octet) || isOne(octet, of: 0x32, 0x37) ? 1 : 0
        case .poolName: return isLetter(octet) || isDigit(octet) || octet == 0x2D ? 1 : 0
        case .address:
            // Digits, a to f in either case, dots and colons.
            return isDigit(octet) || isOne(octet | 0x20, of: 0x61, 0x66) || octet == 0x2E || octet == 0x3A ? 1 : 0
        case .errorName:
            let isMark = octet == 0x2D || octet == 0x2E || octet == 0x5F
            return isLetter(octet | 0x20) && octet > 0x40 || isDigit(octet) || isMark ? 1 : 0
        case .message:
            let length = octets.characterLength(at: index, before: end)
            return length == 0 || octets.isControl(at: index) ? 0 : length
        }
    }

    private func isLetter(_ octet: UInt8) -> Bool { isOne(octet, of: 0x61, 0x7A) }
    private func isDigit(_ octet: UInt8) -> Bool { isOne(octet, of: 0x30, 0x39) }
    private func isOne(_ octet: UInt8, of first: UInt8, _ last: UInt8) -> Bool { octet >= first && octet <= last }
}

extension OctetBuffer {
    /// Whether the text at `piece` is `word`.
    borrowing func matches(_ piece: Piece, _ word: Literal) -> Bool {
        guard piece.count == word.count else { return false }
        var index = 0
        while index < piece.count {
            if self[piece.start &+ index] != word.text[index] { return false }
            index &+= 1
        }
        return true
    }

    /// How many octets the character at `index` has in a text that ends before `end`; 0 for ill-formed UTF-8.
    borrowing func characterLength(at index: Int, before end: Int) -> Int {
        let left = end &- index
        return UTF8Check.length(
            self[index], left > 1 ? self[index &+ 1] : 0, left > 2 ? self[index &+ 2] : 0,
            left > 3 ? self[index &+ 3] : 0)
    }

    /// Whether a control character stands at `index`.
    borrowing func isControl(at index: Int) -> Bool { UTF8Check.isControl(self[index], self[index &+ 1]) }
}
