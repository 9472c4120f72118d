import ArgumentParser

@main
struct VipnsBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vipns-bench",
        abstract: "Measures vipns against the floor of the same kernel work. Needs root.",
        discussion: """
            Builds a lab of its own, starts both daemons in it with their store on a real disk, measures, and prints a \
            table. Nothing stays behind.
            """,
        subcommands: [RunInLab.self, Measure.self], defaultSubcommand: RunInLab.self)
}
