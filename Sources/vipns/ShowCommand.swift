import ArgumentParser
import ClientAPI
import LinuxSystem

/// Shows one session in full.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows one session, the processes in it and what they listen on.",
        discussion: """
            vipns show 10.9.0.10

            With --json an object with 'session' (type Session of io.vipns) and 'members' (process numbers); \
            'vipns sockets' tells more of what they listen on.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Argument(help: "The session: id, beginning of it, or address.", completion: Completions.sessions)
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
        sheet.add(
            "paired with", session.pairedAddress.map { $0 + (session.pairedPrefixLength.map { "/\($0)" } ?? "") })
        sheet.add("mac", session.mac)
        sheet.add("parent link", session.parent)
        sheet.add("opened", "\(timeText(microseconds: session.opened)) (\(session.ageText) ago)")
        sheet.add("opened by", "\(session.service) (\(session.mode.rawValue))")
        sheet.add("shared by", session.scope == .user ? "all logins of \(session.user)" : nil)
        sheet.add("leftovers", session.leftovers.rawValue)
        sheet.add("leaders", list(session.leaders))
        sheet.add("members", list(reply.members))
        sheet.add("listening", listening(reply.members))
        sheet.add("netns", "number \(session.number)" + (session.cookie.map { ", cookie \($0)" } ?? ""))
        sheet.add("held by", session.holders.map { $0.map(\.description).joined(separator: "; ") })
        sheet.add("held until", session.heldUntilBoot.map(restText))
        return sheet
    }

    /// Process numbers with their commands, where these can be read.
    private static func list(_ processes: [Int32]) -> String {
        if processes.isEmpty { return "-" }
        return processes.map { process in
            programName(ofProcess: process).map { "\(process) (\($0))" } ?? "\(process)"
        }.joined(separator: ", ")
    }

    /// On what the session's processes wait for others; nil where that cannot be told.
    private static func listening(_ members: [Int32]) -> String? {
        guard let sockets = SocketScan(members: members)?.sockets.filter(\.isServing) else { return nil }
        if sockets.isEmpty { return "-" }
        return sockets.map { socket in
            let place = "\(socket.protocol) \(SessionSocket.text(socket.address, socket.port))"
            return SocketsCommand.processes(socket).map { "\(place) \($0)" } ?? place
        }.joined(separator: ", ")
    }

    private static func restText(_ end: Int64) -> String {
        let rest = end - SystemClock.bootTimeMicroseconds()
        return rest > 0 ? "in \(durationText(microseconds: rest))" : "now"
    }
}
