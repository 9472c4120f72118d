/// Aligned columns under a header line, two spaces apart.
///
/// On a terminal that is too narrow the widest columns are cut; what is copied, or means nothing without its end, is
/// not.
struct Table {
    /// The names of the columns.
    let header: [String]
    /// The rows; as many cells each as the header has.
    var rows: [[String]] = []

    /// A table without rows.
    init(_ header: String...) { self.header = header }

    /// Adds a row; a missing cell is shown as `-`.
    mutating func add(_ cells: String?...) { add(cells: cells) }

    /// Adds a row that was put together.
    mutating func add(cells: [String?]) {
        rows.append(cells.map { cell in cell.map(printable) ?? "-" })
    }

    /// The lines.
    ///
    /// A table without rows is its header alone.
    var text: String { text(on: .plain) }

    /// The lines for a screen.
    func text(on screen: Screen) -> String {
        let widths = widths(on: screen)
        let head = screen.styled(line(header, widths, on: screen) { _, cell in cell }, .bold)
        let body = rows.map { row in
            line(row, widths, on: screen) { column, cell in
                guard Self.telling.contains(header[column]) else { return cell }
                return screen.styled(cell, Style(state: cell.prefix { $0.isLetter }))
            }
        }
        return ([head] + body).map { $0 + "\n" }.joined()
    }

    /// Columns that are never cut.
    private static let rigid: Set = ["SESSION", "ADDRESS", "STATE", "LOCAL", "OPENED", "ENDED", "WHY"]
    /// Columns whose words stand out by their meaning.
    private static let telling: Set = ["STATE", "OUTCOME"]

    private func widths(on screen: Screen) -> [Int] {
        var widths = header.map(\.count)
        for row in rows {
            for (column, cell) in row.enumerated() where column < widths.count {
                widths[column] = max(widths[column], cell.count)
            }
        }
        guard let columns = screen.columns else { return widths }
        var excess = widths.reduce(2 * (widths.count - 1), +) - columns
        while excess > 0 {
            let cuttable = widths.indices.filter { column in
                !Self.rigid.contains(header[column]) && widths[column] > max(header[column].count, 8)
            }
            // Nothing is left to cut: the terminal breaks the lines.
            guard let widest = cuttable.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(
        _ cells: [String], _ widths: [Int], on screen: Screen, _ decorated: (Int, String) -> String
    ) -> String {
        zip(cells, widths).enumerated().map { column, pair in
            let (cell, width) = pair
            let shown = cell.count > width ? cell.prefix(width - 1) + screen.ellipsis : cell
            let padding = column == widths.count - 1 ? 0 : max(0, width - shown.count)
            return decorated(column, shown) + String(repeating: " ", count: padding)
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
