/// Reads a short text from left to right; ASCII digits only.
struct TextScanner {
    private var rest: Substring

    /// Begins at the first character.
    init(_ text: String) { rest = text[...] }

    /// Whether nothing is left.
    var isAtEnd: Bool { rest.isEmpty }

    /// Whether two characters stand before `character`, as in `14:05`.
    func isAhead(of character: Character) -> Bool { rest.dropFirst(2).first == character }

    /// Takes the next character.
    mutating func next() -> Character? { rest.popFirst() }

    /// Takes the next character if it is this one.
    mutating func skip(_ character: Character) -> Bool {
        guard rest.first == character else { return false }
        rest.removeFirst()
        return true
    }

    /// Takes exactly so many digits.
    mutating func number(digits: Int) -> Int? {
        let text = rest.prefix(digits)
        guard text.count == digits, text.utf8.allSatisfy(Self.isDigit), let number = Int(text) else { return nil }
        rest = rest.dropFirst(digits)
        return number
    }

    /// Takes all digits that come; nil where there is none or they are too many.
    mutating func wholeNumber() -> Int64? {
        let text = rest.prefix { $0.utf8.allSatisfy(Self.isDigit) }
        rest = rest.dropFirst(text.count)
        return Int64(text)
    }

    /// Takes the digits after a point, in millionths; further ones are dropped.
    mutating func fraction() -> Int64? {
        let text = rest.prefix { $0.utf8.allSatisfy(Self.isDigit) }
        guard !text.isEmpty else { return nil }
        rest = rest.dropFirst(text.count)
        return Int64(text.prefix(6) + String(repeating: "0", count: max(0, 6 - text.count)))
    }

    private static func isDigit(_ octet: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(octet)
    }
}
