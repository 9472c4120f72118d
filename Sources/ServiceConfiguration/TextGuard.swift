/// Lets only plain YAML through to the library: theory of operation.
///
/// The configuration needs mappings, lists and texts on one line. Of the rest of YAML, some is a danger to the reader
/// (aliases that unfold without end, a million brackets), some is a surprise to the administrator (tags, a second
/// document that is ignored), and the library stops at the first fault of all. So this scanner walks over the text,
/// follows just enough of YAML to know where a token begins, and refuses what it does not want with line and column.
/// Where it is in doubt it refuses; so nothing can hide from it inside what it takes for a comment or a quotation:
/// quotations end on their line, and texts do not go on over several lines outside of brackets.
///
/// It also finds repeated keys, all of them, and masks them so that the rest of the file can still be checked.
struct TextGuard {
    /// A text that is safe to compose.
    struct Accepted {
        let text: String
        /// Where the masked keys stand, to be left out.
        let duplicates: Set<Position>
    }

    /// What encloses the place that is being read, the innermost last.
    struct Scope {
        enum Kind: Equatable {
            /// A block mapping or list, which begins at this column.
            case block(column: Int)
            case flowMapping
            case flowList
        }
        let kind: Kind
        let begin: Position
        /// The keys so far, with their lines.
        var keys: [String: Int] = [:]
    }

    static let deepest = 16

    var scalars: [Unicode.Scalar]
    var index = 0
    var position = Position.start
    var scopes: [Scope] = []
    var problems: ProblemList
    var duplicates: Set<Position> = []
    /// The column beyond which a line would go on with the text of the line before; nil after anything else.
    var textColumn: Int?
    /// Whether only blanks were seen on this line so far.
    var isLineStart = true
    var hasContent = false
    var hasEnded = false
    var isTooDeep = false

    /// Gives the text to compose, or nil where it has faults, which are added to `problems`.
    static func check(_ text: String, problems: inout ProblemList) -> Accepted? {
        var guardian = TextGuard(scalars: Array(text.unicodeScalars), problems: problems)
        // A byte order mark is no text, and the library does not count it.
        if guardian.scalars.first == "\u{FEFF}" { guardian.scalars.removeFirst() }
        guard guardian.checkCharacters() else {
            problems = guardian.problems
            return nil
        }
        let before = problems.problems.count
        let duplicatesOnly = guardian.walk()
        problems = guardian.problems
        guard problems.problems.count == before || duplicatesOnly else { return nil }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: guardian.scalars)
        return Accepted(text: String(view), duplicates: guardian.duplicates)
    }

    private init(scalars: [Unicode.Scalar], problems: ProblemList) {
        self.scalars = scalars
        self.problems = problems
    }

    /// Reports the first character that YAML does not allow; the rest of such a file is not worth reading.
    private mutating func checkCharacters() -> Bool {
        var place = Position.start
        for (offset, scalar) in scalars.enumerated() {
            let isReturn = scalar == "\r" && offset + 1 < scalars.count && scalars[offset + 1] == "\n"
            guard isReturn || Self.isAllowed(scalar) else {
                let code = String(scalar.value, radix: 16, uppercase: true)
                let padded = String(repeating: "0", count: max(0, 4 - code.count)) + code
                problems.error(place, "character U+\(padded) is not allowed (is this a text file?)")
                return false
            }
            place = scalar == "\n" ? Position(line: place.line + 1, column: 1) : place.next
        }
        return true
    }

    /// YAML 1.1 section 4.1, less the line breaks that no editor here writes (U+0085, U+2028, U+2029, a lone U+000D).
    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x20...0x7E, 0xA0...0x2027, 0x202A...0xD7FF, 0xE000...0xFEFE, 0xFF00...0xFFFD: true
        case 0x10000...0x10FFFF: true
        default: false
        }
    }

    /// Walks to the end; whether all that was found are repeated keys, which do not keep the rest from being checked.
    private mutating func walk() -> Bool {
        let before = problems.problems.count
        while index < scalars.count && !isTooDeep { step() }
        return problems.problems.count - before == duplicates.count
    }
}

extension Position {
    var next: Position { Position(line: line, column: column + 1) }
}
