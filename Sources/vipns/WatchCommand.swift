import ArgumentParser
import ClientAPI

/// Tells what happens, as it happens.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints what happens to sessions, as it happens, one line each, until it is stopped.",
        discussion: "With --json one object a line, of the type Event of io.vipns.")

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        try service.connect().watch { event in
            guard let event else { return true }
            if format.json {
                try JSONOutput.writeLine(event)
            } else {
                StandardOutput.write(Self.line(event) + "\n")
            }
            return true
        }
        throw CommandFailure("the service stopped telling what happens", status: CommandFailure.tryAgainLater)
    }

    /// Time, kind, session, address, user, and what else there is to say.
    static func line(_ event: SessionEvent) -> String {
        var words = [timeText(microseconds: event.time), padded(event.kind.rawValue, to: 9)]
        if let session = event.session {
            words += [session.id, padded(session.address ?? "-", to: 15), session.user]
        }
        if let text = event.text { words.append(text) }
        return printable(words.joined(separator: "  "))
    }
}
