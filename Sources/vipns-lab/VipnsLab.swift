import ArgumentParser
import Glibc
import Lab

@main
struct VipnsLab: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipns-lab",
        abstract: "Builds a laboratory LAN with vipns on it, in namespaces of its own. Needs root.",
        discussion: """
            The lab is a host with the parent link 'lan0' (10.77.0.2), a switch, and a neighbour (10.77.0.1) that is the \
            gateway too. The machine's own network, accounts and files are not touched, and nothing stays behind.
            """,
        subcommands: [Demo.self, Shell.self, Run.self, Hold.self, Answer.self, Mirror.self, Ask.self])
}
