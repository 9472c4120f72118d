import Logging

/// Hands each entry to the writer with its values: a line `PROGRAM: LEVEL: MESSAGE KEY=VALUE…`, or fields of the journal.
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
        LogWriter.shared.write(
            LogEntry(
                program: program, level: event.level, message: "\(event.message)", fields: values.mapValues { "\($0)" })
        )
    }
}
