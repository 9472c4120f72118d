import ArgumentParser
import Glibc
import Lab

/// `vipns-lab hold`: a lab for programs that test; it obeys words on standard input and ends with it.
struct Hold: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Keeps a lab open for other programs.",
        discussion: """
            Prints 'ready PID' when all is up: 'nsenter -t PID -m -n -p COMMAND' runs a command on the lab's host. Then \
            obeys one line at a time and answers with one line: 'kill', 'start', 'stop' or 'cont' and 'helper' or \
            'service'; 'signal DAEMON NUMBER'; 'pid DAEMON'; 'census'; 'logs'. Ends with its input, or by SIGTERM.
            """)

    @OptionGroup var arguments: LabArguments

    @Flag(help: "Leave the helper and the service out until they are started by word.")
    var noDaemons = false

    func run() throws {
        try inLab(
            try arguments.options(),
            report: { report in
                // The expected way to end it from outside.
                let wasAsked = report.signal == SIGTERM && report.leftovers.isEmpty
                return wasAsked ? 0 : statusNamingLeftovers(report)
            },
            work: { lab in
                if !noDaemons { try lab.startDaemons() }
                if arguments.logins { try lab.sshServer.start() }
                say("ready \(lab.outsidePid)")
                var words = HoldWords(lab: lab)
                while let line = readLine() { say(words.obey(line)) }
                return 0
            })
    }

    private func say(_ line: String) {
        print(line)
        _ = fflush(nil)
    }
}
