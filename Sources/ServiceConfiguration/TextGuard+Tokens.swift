extension TextGuard {
    /// Reads one token or one blank.
    mutating func step() {
        let scalar = scalars[index]
        switch scalar {
        case "\n": newLine()
        case " ", "\r": advance()
        case "\t":
            if isLineStart { problems.error(position, "a tab stands here where YAML wants spaces") }
            if isLineStart { skipLine() } else { advance() }
        case "#": skipLine()
        default:
            if !beginToken() { return }
            token(scalar)
        }
    }

    /// Looks at what only the first token of a line can be; false where the line is dealt with.
    private mutating func beginToken() -> Bool {
        if isLineStart && position.column == 1 && isMarker("---") { return beginDocument() }
        if isLineStart && position.column == 1 && isMarker("...") {
            hasEnded = true
            skipLine()
            return false
        }
        if hasEnded {
            problems.error(position, "text after the end of the document ('...')")
            index = scalars.count
            return false
        }
        hasContent = true
        guard isLineStart, !isInFlow else { return true }
        isLineStart = false
        closeBlocks(deeperThan: position.column)
        if let textColumn, position.column > textColumn {
            problems.error(position, "a text does not go on over several lines (is the indentation right?)")
            skipLine()
            return false
        }
        textColumn = nil
        return true
    }

    private mutating func beginDocument() -> Bool {
        if hasContent || hasEnded {
            problems.error(position, "a second document begins here, but a file holds only one")
            index = scalars.count
            return false
        }
        hasContent = true
        isLineStart = false
        (0..<3).forEach { _ in advance() }
        return false
    }

    private mutating func token(_ scalar: Unicode.Scalar) {
        isLineStart = false
        switch scalar {
        case "'", "\"": quotation(scalar)
        case "[": open(.flowList)
        case "{": open(.flowMapping)
        case "]", "}": close()
        case ",": advance()
        case "*", "&": refuse("anchors ('&') and aliases ('*') are not supported; write the value out\(patternHint)")
        case "!": refuse("tags ('!') are not supported")
        case "|", ">": refuse("block text ('|' and '>') is not supported; write the value on one line")
        case "%" where position.column == 1: refuse("directives ('%') are not supported")
        case "?" where isInFlow || isBlank(at: index + 1): refuse("complex keys ('?') are not supported\(patternHint)")
        case ":" where isInFlow || isBlank(at: index + 1): advance()
        case "-" where isBlank(at: index + 1):
            enterBlock(position)
            advance()
        default: plainText()
        }
    }

    private mutating func refuse(_ text: String) {
        problems.error(position, text)
        skipLine()
    }

    private mutating func quotation(_ mark: Unicode.Scalar) {
        let begin = position
        let beginIndex = index
        advance()
        while index < scalars.count, scalars[index] != "\n" {
            if isEscape(in: mark) {
                advance()
                if index < scalars.count, scalars[index] != "\n" { advance() }
            } else if scalars[index] == mark {
                advance()
                return quotationEnded(begin, beginIndex)
            } else {
                advance()
            }
        }
        problems.error(begin, "a quotation must end on the line where it begins")
    }

    /// Whether the next character of a quotation takes another one with it.
    private func isEscape(in mark: Unicode.Scalar) -> Bool {
        guard mark == "'" else { return scalars[index] == "\\" }
        return scalars[index] == "'" && index + 1 < scalars.count && scalars[index + 1] == "'"
    }

    private mutating func quotationEnded(_ begin: Position, _ beginIndex: Int) {
        let text = scalars[(beginIndex + 1)..<(index - 1)]
        var after = index
        while after < scalars.count, scalars[after] == " " || scalars[after] == "\t" { after += 1 }
        guard after < scalars.count, scalars[after] == ":", isInFlow || isBlank(at: after + 1) else { return }
        enterKey(text, begin)
    }

    /// A text without quotes: a key where a colon ends it, else a value.
    private mutating func plainText() {
        let begin = position
        let beginIndex = index
        var end = index
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "\n" && (!isInFlow || isMarkerNext) { break }
            if scalar == "#" && isBlank(at: index - 1) { break }
            if scalar == ":" && (isBlank(at: index + 1) || isInFlow && isFlowIndicator(at: index + 1)) {
                return enterKey(scalars[beginIndex..<end], begin)
            }
            if isInFlow && isFlowIndicator(at: index) { break }
            if isInFlow && scalar == "?" { return refuse("complex keys ('?') are not supported\(patternHint)") }
            if scalar == "\n" { newLine() } else { advance() }
            if !isBlank(at: index - 1) { end = index }
        }
        if !isInFlow { textColumn = innermostBlockColumn }
    }
}

/// What helps whoever meant a pattern of names where YAML sees a sign of its own.
private let patternHint = " (a pattern goes into quotes, for example '*.example.com')"
