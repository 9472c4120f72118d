import ArgumentParser
import ClientAPI

/// Has the service take up a change of the configuration.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Takes up a change of the configuration, all of it or nothing.",
        discussion: """
            vipns check && vipns reload

            Sessions live on as they are: one whose address is no longer in a pool keeps it to its end. A file with a \
            mistake changes nothing, and every problem is told with its line and column. With \
            --json an object with 'file' and 'warnings' (type Problem of io.vipns).
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    func run() throws {
        let reply = try service.connect().reload(timeout: .seconds(60))
        if format.json { return try JSONOutput.write(reply) }
        for warning in reply.warnings { StandardError.write("vipns: \(warning.sentence(file: reply.file))\n") }
        StandardOutput.write("'\(reply.file)' is in force\n")
    }
}
