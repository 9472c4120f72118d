import Glibc
import Logging

/// Writes `PROGRAM: LEVEL: MESSAGE KEY=VALUE…`, one line an entry, where the journal picks it up with its own time.
struct LineLogHandler: LogHandler {
    let program: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    init(program: String) { self.program = program }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { _, new in new }
        let words = values.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.word("\($0.value)"))" }
        // At info the level goes without saying.
        let level = event.level == .info ? "" : "\(event.level.rawValue): "
        LogWriter.shared.write("\(program): \(level)\(event.message)\(words.joined())\n")
    }

    /// A value in one word, quoted where it has blanks.
    private static func word(_ value: String) -> String {
        guard value.contains(where: \.isWhitespace) else { return value }
        return "\"\(String(value.map { $0.isNewline ? " " : $0 }))\""
    }
}
