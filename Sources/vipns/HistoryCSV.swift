import ClientAPI
import FoundationEssentials

/// The history as comma-separated values; RFC 4180, with the line ends of this system.
enum HistoryCSV {
    /// The names of the columns, which stay as they are: new ones come at the end.
    static let header = "opened,ended,address,user,uid,session,pool,service,outcome,reason,boot,paired_address\n"

    /// One record.
    static func line(_ entry: HistoryEntry) -> String {
        let fields = [
            time(entry.opened), entry.ended.map(time) ?? "", entry.address ?? "", entry.user, "\(entry.uid)", entry.id,
            entry.pool, entry.service, entry.outcome, entry.reason ?? "", entry.boot,
            entry.pairedAddress ?? "",
        ]
        return fields.map(field).joined(separator: ",") + "\n"
    }

    /// `2026-11-23T13:05:06Z`: a spreadsheet knows it, and it sorts as it is.
    private static func time(_ microseconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(microseconds / 1_000_000)).formatted(.iso8601)
    }

    /// In quotes where it has to be; a spreadsheet would compute what begins like a formula.
    private static func field(_ text: String) -> String {
        let text = ["=", "+", "-", "@"].contains(text.prefix(1)) ? "'\(text)" : text
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        var quoted = "\""
        for character in text { quoted += character == "\"" ? "\"\"" : String(character) }
        return quoted + "\""
    }
}
