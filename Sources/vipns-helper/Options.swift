import CLinux
import ProgramVersion

/// How the helper was called; getopt_long(3).
///
/// The C library's own parser: the argument parser of the other programs would bring a part of Foundation into the
/// privileged one.
struct Options {
    /// The directory for sockets and pins; made where missing.
    var runDirectory = "/run/vipns"
    /// Where `ip netns` looks for names.
    var names = "/run/netns"
    /// The configuration file, which vipnsd reads for the helper.
    var config = "/etc/vipns/vipns.yaml"
    /// The user that vipnsd runs as: a name or a number.
    var serviceUser = "vipns"
    /// The vipnsd that prints the allowance; nil for the one beside this program.
    var serviceProgram: String?
    /// Start although the mount namespace is not init's.
    var privateMounts = false

    static let usage = """
        usage: vipns-helper [OPTION]…
        Makes and ends the sessions' networks for vipnsd. Needs root. Started by the system before vipnsd.

          --run DIRECTORY           for sockets and pins; made where missing (/run/vipns)
          --names DIRECTORY         where 'ip netns' looks for names (/run/netns)
          --config FILE             the configuration, which vipnsd reads for the helper (/etc/vipns/vipns.yaml)
          --service-user USER       the user that vipnsd runs as: a name or a number (vipns)
          --service-program FILE    the vipnsd that prints the allowance (the one beside this program)
          --private-mounts          start although the mount namespace is not init's
          --help, --version

        SIGHUP reads the allowance again. Sessions live on when the helper ends.

        """

    /// What a call asks for.
    enum Call {
        case serve(Options)
        case print(String)
    }

    /// Reads the process's arguments.
    ///
    /// - Returns: nil for wrong usage, of which the C library has said what it is.
    static func parse() -> Call? {
        var options = Options()
        // Sound: a StaticString's octets are part of the program, closed by a NUL.
        let table = unsafe Name.allCases.map { name in
            unsafe name.text.utf8Start.withMemoryRebound(to: CChar.self, capacity: name.text.utf8CodeUnitCount + 1) {
                unsafe vipns_option(name: $0, takes_value: name.takesValue ? 1 : 0)
            }
        }
        var rest: CInt = 0
        var text: UnsafePointer<CChar>?
        while true {
            let found = unsafe vipns_next_option(
                CommandLine.argc, CommandLine.unsafeArgv, table, CInt(table.count), &text, &rest)
            if found == -1 { return rest == CommandLine.argc ? .serve(options) : nil }
            guard let name = Name(rawValue: found) else { return nil }
            if let answer = options.take(name, unsafe text.map { unsafe String(cString: $0) } ?? "") { return answer }
        }
    }

    private mutating func take(_ name: Name, _ value: String) -> Call? {
        switch name {
        case .run: runDirectory = value
        case .names: names = value
        case .config: config = value
        case .serviceUser: serviceUser = value
        case .serviceProgram: serviceProgram = value
        case .privateMounts: privateMounts = true
        case .help: return .print(Self.usage)
        case .version: return .print("\(programVersion)\n")
        }
        return nil
    }

    private enum Name: CInt, CaseIterable {
        case run, names, config, serviceUser, serviceProgram, privateMounts, help, version

        var text: StaticString {
            switch self {
            case .run: "run"
            case .names: "names"
            case .config: "config"
            case .serviceUser: "service-user"
            case .serviceProgram: "service-program"
            case .privateMounts: "private-mounts"
            case .help: "help"
            case .version: "version"
            }
        }

        var takesValue: Bool {
            switch self {
            case .run, .names, .config, .serviceUser, .serviceProgram: true
            case .privateMounts, .help, .version: false
            }
        }
    }
}
