import ArgumentParser
import ClientAPI
import Glibc

/// Tells what happens, as it happens.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Prints what happens to sessions, as it happens, one line each, until it is stopped.",
        discussion: "With --json one object a line, of the type Event of io.vipns.")

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let screen = Screen.standardOutput
        try service.connect().watch { event in
            guard let event else {
                // Where nothing happens for an hour, that it works should be seen.
                if !format.json, screen.columns != nil { StandardError.write("watching, Ctrl-C ends it\n") }
                return true
            }
            if format.json {
                try JSONOutput.writeLine(event)
            } else {
                StandardOutput.write(Self.line(event, on: screen) + "\n")
            }
            return true
        }
        throw CommandFailure("the service stopped telling what happens", status: CommandFailure.tryAgainLater)
    }

    /// Time, kind, session, address, user, and what else there is to say.
    static func line(_ event: SessionEvent, on screen: Screen = .plain) -> String {
        // A newer service may know kinds that this program does not.
        let kind = printable(event.kind.rawValue)
        let padding = String(repeating: " ", count: max(0, 9 - kind.count))
        var words = [timeText(microseconds: event.time), screen.styled(kind, Style(state: kind[...])) + padding]
        if let session = event.session {
            words += [
                session.id, padded(session.addressText ?? "-", to: 15), session.user, session.pool, session.service,
            ]
            .map(printable)
        }
        if let text = event.text { words.append(printable(text)) }
        return words.joined(separator: "  ")
    }
}
