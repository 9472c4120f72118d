import FoundationEssentials

/// JSON on standard output: names sorted, slashes as they are, absent values left out.
enum JSONOutput {
    /// Prints a value over several lines.
    static func write(_ value: some Encodable) throws {
        try write(value, [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    }

    /// Prints a value on one line.
    static func writeLine(_ value: some Encodable) throws {
        try write(value, [.sortedKeys, .withoutEscapingSlashes])
    }

    private static func write(_ value: some Encodable, _ formatting: JSONEncoder.OutputFormatting) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = formatting
        StandardOutput.write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
    }
}
