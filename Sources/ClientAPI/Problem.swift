/// What is wrong, or probably not meant, in the configuration; `type Problem` of io.vipns.
public struct Problem: Codable, Hashable, Sendable {
    /// Whether the file can be used in spite of it.
    public enum Severity: String, Codable, Sendable, CaseIterable {
        /// It cannot be used.
        case error
        /// It can.
        case warning
    }

    /// Whether the file can be used in spite of it.
    public let severity: Severity
    /// Counted from 1; 0 where the file as a whole is meant.
    public let line: Int
    /// Counted from 1; 0 where the file as a whole is meant.
    public let column: Int
    /// What is wrong; names the file itself only where `line` is 0.
    public let text: String

    /// Puts the fields together.
    public init(severity: Severity, line: Int, column: Int, text: String) {
        self.severity = severity
        self.line = line
        self.column = column
        self.text = text
    }

    /// The sentence for an administrator, as `vipns check` has it.
    public func sentence(file: String) -> String {
        let place = line == 0 ? "" : "'\(file)' line \(line), column \(column): "
        return "\(severity == .warning ? "warning: " : "")\(place)\(text)"
    }
}
