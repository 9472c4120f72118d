/// One thing that is wrong, or doubtful, in a configuration file.
public struct ConfigurationProblem: Error, Hashable, Sendable, CustomStringConvertible {
    /// Whether the file can be used in spite of the problem.
    public enum Severity: String, Hashable, Sendable {
        /// The file cannot be used.
        case error
        /// The file can be used, but probably does not say what was meant.
        case warning
    }

    /// The file's path, as it was given.
    public let file: String
    /// Line, counted from 1; 0 where the file as a whole is meant (it cannot be read, its owner is wrong).
    public let line: Int
    /// Column, counted from 1 in Unicode scalars; 0 where the file as a whole is meant.
    public let column: Int
    /// What is wrong; names the file itself only where `line` is 0.
    public let text: String
    /// Whether the file can be used in spite of the problem.
    public let severity: Severity

    /// Makes a problem; `line` and `column` are both 0 where the file as a whole is meant.
    public init(file: String, line: Int, column: Int, text: String, severity: Severity = .error) {
        self.file = file
        self.line = line
        self.column = column
        self.text = text
        self.severity = severity
    }

    /// `'FILE' line 12, column 7: TEXT`, or the text alone where the file as a whole is meant.
    public var description: String {
        line == 0 ? text : "'\(file)' line \(line), column \(column): \(text)"
    }
}

/// A place in the file, both numbers counted from 1.
struct Position: Hashable, Comparable {
    var line: Int
    var column: Int

    static let start = Position(line: 1, column: 1)

    static func < (left: Position, right: Position) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}

/// Gathers every problem of one file, so that an administrator mends them all in one go.
struct ProblemList: Error {
    let file: String
    private(set) var problems: [ConfigurationProblem] = []

    init(file: String) { self.file = file }

    /// A single error about the file as a whole.
    static func whole(_ file: String, _ text: String) -> ProblemList {
        var problems = ProblemList(file: file)
        problems.error(Position(line: 0, column: 0), text)
        return problems
    }

    var hasErrors: Bool { problems.contains { $0.severity == .error } }

    mutating func error(_ position: Position, _ text: String) { add(position, text, .error) }

    mutating func warning(_ position: Position, _ text: String) { add(position, text, .warning) }

    mutating func append(_ other: ProblemList) { problems += other.problems }

    private mutating func add(_ position: Position, _ text: String, _ severity: ConfigurationProblem.Severity) {
        problems.append(
            ConfigurationProblem(
                file: file, line: position.line, column: position.column, text: text, severity: severity))
    }

    /// In the order of the file; problems of one place stay in the order in which they were found.
    func sorted() -> [ConfigurationProblem] {
        problems.enumerated().sorted {
            ($0.element.line, $0.element.column, $0.offset) < ($1.element.line, $1.element.column, $1.offset)
        }.map(\.element)
    }
}

/// Text from the file in single quotes, fit for one line of a log: control characters masked, at most 64 characters.
func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(64).map { scalar in
        scalar.properties.generalCategory == .control ? "?" : Character(scalar)
    }
    return "'" + String(shown) + (text.unicodeScalars.count > 64 ? "..." : "") + "'"
}
