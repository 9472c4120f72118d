import ArgumentParser
import ClientAPI

/// How a verb reaches the service; part of every verb that asks it something.
struct ServiceOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The socket of the session service.", valueName: "path"))
    var socket = VipnsClient.defaultPath

    /// Connects to the service.
    func connect(timeout: Duration = .seconds(10)) throws -> VipnsClient {
        try VipnsClient(path: socket, timeout: timeout)
    }
}

/// How a verb prints data.
struct FormatOptions: ParsableArguments {
    @Flag(help: "Print JSON: the types of io.vipns, with stable names.")
    var json = false
}
