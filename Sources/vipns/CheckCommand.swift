import ArgumentParser

/// Checks a configuration file, by asking the program that reads it.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks a configuration file; needs no service.",
        discussion: """
            Runs 'vipnsd --check FILE': the vipnsd beside this program or in ../sbin, else /usr/sbin/vipnsd. Output and \
            exit status are its own.
            """)

    @Argument(help: "The configuration file.")
    var file = "/etc/vipns/vipns.yaml"

    func run() throws { try ServiceProgram.run(["--check", file]) }
}
