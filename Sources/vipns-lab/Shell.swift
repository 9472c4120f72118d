import ArgumentParser
import Glibc
import Lab
import LinuxSystem

/// `vipns-lab shell`: a shell on the lab's host, to play by hand.
struct Shell: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Opens a shell on the host of a fresh lab.")

    @OptionGroup var arguments: LabArguments

    func run() throws {
        var options = try arguments.options()
        if arguments.hold == nil { options.hold = "2s" }
        if !arguments.logins { options.logins = .wherePossible }
        try inLab(options, report: statusNamingLeftovers) { lab in
            try lab.startDaemons()
            if lab.missingForLogins == nil { try lab.sshServer.start() }
            if isatty(0) == 1 { Self.welcome(lab) }
            _ = unsafe setenv("PS1", "lab# ", 1)
            _ = unsafe setenv("LAB", LabPaths.programs, 1)
            let shell = unsafe access("/bin/bash", X_OK) == 0 ? ["/bin/bash", "--norc"] : ["/bin/sh"]
            let pid = try lab.children.start(Children.Command(shell))
            return lab.children.wait(pid, upTo: nil)?.shellStatus ?? 1
        }
    }

    private static func welcome(_ lab: Lab) {
        print(
            """
            This is the lab's host: lan0 10.77.0.2, the pool 'lab' 10.77.0.101 to .103, and a neighbour at 10.77.0.1.
            Nothing here touches the machine; all of it ends with this shell.

              vipns enter                                  a session of your own, and a shell in it
              vipns enter -- $LAB/vipns-lab answer &       a program on fixed ports, in a session
              ip netns exec neighbour vipns-lab ask 10.77.0.101 5060      what the LAN gets from it
              vipns list · vipns pool · vipns history      what the service knows
              ip netns · ip -br address                    what the kernel shows
              tail -f /run/vipns-lab/log/*.log             what the daemons say
            """)
        print(
            lab.missingForLogins.map { "  (no logins: \($0))\n" }
                ?? "  ssh alice@127.0.0.1                          a login with an address of its own; also bob, carol\n"
        )
        _ = fflush(nil)
    }
}
