/// Aligned columns under a header line, two spaces apart.
struct Table {
    /// The names of the columns.
    let header: [String]
    /// The rows; as many cells each as the header has.
    var rows: [[String]] = []

    /// A table without rows.
    init(_ header: String...) { self.header = header }

    /// Adds a row; a missing cell is shown as `-`.
    mutating func add(_ cells: String?...) {
        rows.append(cells.map { cell in cell.map(printable) ?? "-" })
    }

    /// The lines.
    ///
    /// A table without rows is its header alone.
    var text: String {
        var widths = header.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], cell.count)
            }
        }
        return ([header] + rows).map { line($0, widths) + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        zip(cells, widths).enumerated().map { column, pair in
            column == widths.count - 1 ? pair.0 : padded(pair.0, to: pair.1)
        }.joined(separator: "  ")
    }
}

/// One thing in full: a name and a value on each line.
struct Sheet {
    private var lines: [(name: String, value: String)] = []

    /// Adds a line, unless there is no value.
    mutating func add(_ name: String, _ value: String?) {
        if let value { lines.append((name, printable(value))) }
    }

    /// The lines.
    var text: String {
        let width = lines.map(\.name.count).max() ?? 0
        return lines.map { "\(padded($0.name, to: width))  \($0.value)\n" }.joined()
    }
}

/// `text` with spaces after it.
func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// `text` without control characters: names are others' choice, and a terminal obeys what it is sent.
func printable(_ text: String) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
}
