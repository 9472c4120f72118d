extension TextGuard {
    var isInFlow: Bool {
        switch scopes.last?.kind {
        case .flowMapping, .flowList: true
        case .block, nil: false
        }
    }

    /// The column of the innermost block; 0 at the top.
    var innermostBlockColumn: Int {
        guard case .block(let column) = scopes.last?.kind else { return 0 }
        return column
    }

    mutating func closeBlocks(deeperThan column: Int) {
        while innermostBlockColumn > column { scopes.removeLast() }
    }

    mutating func enterBlock(_ begin: Position) {
        guard !isInFlow, innermostBlockColumn != begin.column else { return }
        push(Scope(kind: .block(column: begin.column), begin: begin))
    }

    mutating func open(_ kind: Scope.Kind) {
        push(Scope(kind: kind, begin: position))
        advance()
    }

    mutating func close() {
        // One bracket too many is the library's to report.
        if isInFlow { scopes.removeLast() }
        advance()
    }

    private mutating func push(_ scope: Scope) {
        scopes.append(scope)
        guard scopes.count > Self.deepest, !isTooDeep else { return }
        isTooDeep = true
        problems.error(scope.begin, "nested more than \(Self.deepest) levels deep")
    }

    /// Notes a key; masks it where its mapping has it already.
    mutating func enterKey(_ text: ArraySlice<Unicode.Scalar>, _ begin: Position) {
        enterBlock(begin)
        guard let kind = scopes.last?.kind, kind != .flowList else { return }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: text)
        let key = String(view)
        // Not by way of a copy of the scope, which would copy all keys again for each one.
        guard let earlier = scopes[scopes.count - 1].keys[key] else {
            scopes[scopes.count - 1].keys[key] = begin.line
            return
        }
        // An empty quotation has nothing to mask: the library reports it then. So it does past the private-use area.
        guard let mask = Unicode.Scalar(0xE000 + UInt32(duplicates.count)), mask.value < 0xF8FF, !text.isEmpty else {
            return
        }
        scalars[text.startIndex] = mask
        duplicates.insert(begin)
        problems.error(begin, "key \(quoted(key)) is given twice (first in line \(earlier))")
    }
}

// MARK: - Where the reader stands

extension TextGuard {
    mutating func advance() {
        index += 1
        position.column += 1
    }

    mutating func newLine() {
        index += 1
        position = Position(line: position.line + 1, column: 1)
        isLineStart = true
    }

    mutating func skipLine() {
        while index < scalars.count, scalars[index] != "\n" { advance() }
    }

    /// Whether a blank, a line break or an end stands there.
    func isBlank(at place: Int) -> Bool {
        guard scalars.indices.contains(place) else { return true }
        return [" ", "\t", "\r", "\n"].contains(scalars[place])
    }

    func isFlowIndicator(at place: Int) -> Bool {
        scalars.indices.contains(place) && [",", "[", "]", "{", "}"].contains(scalars[place])
    }

    /// Whether `marker` stands here by itself.
    func isMarker(_ marker: String, at place: Int? = nil) -> Bool {
        let begin = place ?? index
        return scalars.dropFirst(begin).starts(with: marker.unicodeScalars) && isBlank(at: begin + 3)
    }

    /// Whether the next line is a document's begin or end, which even ends a text in brackets.
    var isMarkerNext: Bool { isMarker("---", at: index + 1) || isMarker("...", at: index + 1) }
}
