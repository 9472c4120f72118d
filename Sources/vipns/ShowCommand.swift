import ArgumentParser
import ClientAPI
import LinuxSystem

/// Shows one session in full.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one session and the processes in it.",
        discussion: """
            vipns show 10.9.0.10

            With --json an object with 'session' (type Session of io.vipns) and 'members' (process numbers).
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Argument(help: "The session: id, beginning of it, or address.")
    var session: String

    func run() throws {
        let reply = try service.connect().show(session: session)
        if format.json { return try JSONOutput.write(reply) }
        StandardOutput.write(Self.sheet(reply).text)
    }

    /// All that is known, one fact a line.
    static func sheet(_ reply: Method.Show.Reply) -> Sheet {
        let session = reply.session
        var sheet = Sheet()
        sheet.add("session", session.id)
        sheet.add("state", session.state.rawValue)
        sheet.add("user", "\(session.user) (\(session.uid))")
        sheet.add("pool", session.pool)
        sheet.add("address", session.address.map { $0 + (session.prefixLength.map { "/\($0)" } ?? "") })
        sheet.add("mac", session.mac)
        sheet.add("parent link", session.parent)
        sheet.add("opened", "\(timeText(microseconds: session.opened)) (\(session.ageText) ago)")
        sheet.add("opened by", "\(session.service) (\(session.mode.rawValue))")
        sheet.add("shared by", session.scope == .user ? "all logins of \(session.user)" : nil)
        sheet.add("leftovers", session.leftovers.rawValue)
        sheet.add("leaders", list(session.leaders))
        sheet.add("members", list(reply.members))
        sheet.add("netns", "number \(session.number)" + (session.cookie.map { ", cookie \($0)" } ?? ""))
        sheet.add("held until", session.heldUntilBoot.map(restText))
        return sheet
    }

    /// Process numbers with their commands, where these can be read.
    private static func list(_ processes: [Int32]) -> String {
        if processes.isEmpty { return "-" }
        return processes.map { process in
            guard let name = try? readTextFile("/proc/\(process)/comm") else { return "\(process)" }
            return "\(process) (\(name.prefix { !$0.isNewline }))"
        }.joined(separator: ", ")
    }

    private static func restText(_ end: Int64) -> String {
        let rest = end - SystemClock.bootTimeMicroseconds()
        return rest > 0 ? "in \(durationText(microseconds: rest))" : "now"
    }
}
