/// Well-formed UTF-8; RFC 3629 §4.
enum UTF8Check {
    /// How many octets the character has that begins with `first`; 0 where it is none.
    ///
    /// What is past the end of a text is given as 0.
    static func length(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> Int {
        if first < 0x80 { return 1 }
        guard first >= 0xC2, first <= 0xF4 else { return 0 }
        if first < 0xE0 { return isContinuation(second) ? 2 : 0 }
        guard second >= lowestSecond(after: first), second <= highestSecond(after: first) else { return 0 }
        guard isContinuation(third) else { return 0 }
        if first < 0xF0 { return 3 }
        return isContinuation(fourth) ? 4 : 0
    }

    /// No longer form than needed.
    private static func lowestSecond(after first: UInt8) -> UInt8 {
        first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80
    }

    /// No surrogates, nothing above U+10FFFF.
    private static func highestSecond(after first: UInt8) -> UInt8 {
        first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF
    }

    private static func isContinuation(_ octet: UInt8) -> Bool { octet & 0xC0 == 0x80 }

    /// Whether the character that begins with these octets is a control character: C0, DEL or C1.
    static func isControl(_ first: UInt8, _ second: UInt8) -> Bool {
        first == 0xC2 ? second < 0xA0 : first < 0x20 || first == 0x7F
    }
}
