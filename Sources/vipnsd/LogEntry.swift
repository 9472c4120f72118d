import Logging

/// One entry of the log, in the two forms in which it leaves.
struct LogEntry: Sendable {
    let program: String
    let level: Logger.Level
    let message: String
    /// What the message is about, in the order in which it is shown.
    let fields: [(name: String, value: String)]

    init(program: String, level: Logger.Level, message: String, fields: [String: String] = [:]) {
        self.program = program
        self.level = level
        self.message = message
        self.fields = fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// `LEVEL: MESSAGE KEY=VALUE…` in one line; at info the level goes without saying.
    var text: String {
        let words = fields.map { " \($0.name)=\(Self.word($0.value))" }
        return (level == .info ? "" : "\(level.rawValue): ") + Self.line(message) + words.joined()
    }

    /// The priority that syslog(3) has for the level.
    var priority: Int {
        switch level {
        case .trace, .debug: 7
        case .info: 6
        case .notice: 5
        case .warning: 4
        case .error: 3
        case .critical: 2
        }
    }

    /// As the journal's own socket takes it, every field by itself; systemd.io/JOURNAL_NATIVE_PROTOCOL.
    var datagram: [UInt8] {
        var octets: [UInt8] = []
        Self.append("MESSAGE", text, to: &octets)
        Self.append("PRIORITY", "\(priority)", to: &octets)
        Self.append("SYSLOG_IDENTIFIER", program, to: &octets)
        for field in fields { Self.append(Self.journalName(field.name), field.value, to: &octets) }
        return octets
    }

    /// `pairedAddress` as `VIPNS_PAIRED_ADDRESS`: capitals, digits and underscores, 64 at most.
    static func journalName(_ name: String) -> String {
        let words = name.utf8.map { octet in
            let character = Character(UnicodeScalar(octet))
            guard character.isASCII, character.isLetter || character.isNumber else { return "_" }
            return character.isUppercase ? "_\(character)" : character.uppercased()
        }
        return String("VIPNS_\(words.joined())".prefix(64))
    }

    private static func append(_ name: String, _ value: String, to octets: inout [UInt8]) {
        octets += name.utf8
        if value.utf8.contains(10) {
            // A value of several lines says how long it is: 64 bits, little-endian.
            octets.append(10)
            let count = UInt64(value.utf8.count)
            octets += (0..<8).map { UInt8(truncatingIfNeeded: count >> (8 * $0)) }
        } else {
            octets += "=".utf8
        }
        octets += value.utf8
        octets.append(10)
    }

    /// A value in one word, quoted where it has blanks.
    private static func word(_ value: String) -> String {
        guard value.contains(where: \.isWhitespace) else { return value }
        return "\"\(line(value))\""
    }

    private static func line(_ text: String) -> String { String(text.map { $0.isNewline ? " " : $0 }) }
}
