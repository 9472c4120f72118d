import ArgumentParser
import Glibc
import LinuxSystem

/// Has a damaged store of leases made anew, by asking the program that keeps it.
struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Makes a damaged store of leases and history anew, from what lives; the service must be stopped.",
        discussion: """
            systemctl stop vipnsd
            vipns repair --dry-run
            vipns repair && systemctl start vipnsd

            Runs 'vipnsd --repair' as the owner of the state directory. vipns-helper must run: it tells what lives. Live \
            sessions keep their address and notice nothing. What can be read of leases and history is taken over where the \
            kernel does not say otherwise; the damaged files are kept under another name. A store that is whole stays as \
            it is.
            """)

    @Flag(help: "Tell what would be done, and do nothing.")
    var dryRun = false

    @Option(help: "The configuration file.")
    var config = "/etc/vipns/vipns.yaml"

    @Option(help: "The directory for leases and history.")
    var state = "/var/lib/vipns"

    @Option(help: "The helper's socket.")
    var helper = "/run/vipns/helper"

    func run() throws {
        try Caller.requireRoot(to: "repair the store", verb: "repair")
        var facts = stat()
        // The string is lent for the call, which fills the structure in.
        guard unsafe stat(state, &facts) == 0 else {
            throw CommandFailure("cannot look at '\(state)': \(Errno.current)")
        }
        guard facts.st_uid != 0 else {
            throw CommandFailure("cannot repair '\(state)': it belongs to root (run: chown -R vipns:vipns '\(state)')")
        }
        let groups = [facts.st_gid]
        do throws(Errno) {
            try checked { unsafe setgroups(groups.count, groups) }
            try checked { setregid(facts.st_gid, facts.st_gid) }
            try checked { setreuid(facts.st_uid, facts.st_uid) }
        } catch {
            throw CommandFailure("cannot become user \(facts.st_uid), who owns '\(state)': \(error)")
        }
        let options = ["--config", config, "--state", state, "--helper", helper] + (dryRun ? ["--dry-run"] : [])
        try ServiceProgram.run(["--repair"] + options)
    }
}
