import CPAM
import Glibc

/// What this program is told to do.
struct Options {
    /// The folder with the PAM configuration, and the service and user to start with; pam_start_confdir(3).
    var folder = ""
    var service = "login"
    var user = "root"
    /// PAM_TTY, PAM_RHOST.
    var terminal: String?
    var remoteHost: String?
    /// How many times to open and close.
    var cycles = 1
    /// The soft limit on descriptors, set when the modules are loaded.
    var descriptorLimit: UInt?
    /// Whether descriptors 0 to 2 are closed before the first call.
    var closesLow = false
    /// Whether the account phase is run, and the session phase.
    var runsAccount = true
    var runsSession = true
    /// Whether the session is closed, and how often; opened how often.
    var closes = 1
    var opens = 1
    /// Whether a thread other than the first makes the calls.
    var usesThread = false
    /// Whether what was opened is closed behind the module's back.
    var closesAll = false
    /// PAM_SILENT or 0.
    var flags: CInt = 0
    /// Whether a timer's signal interrupts the calls every millisecond.
    var interrupts = false
    /// Whether the user's name is no UTF-8.
    var hasOddUser = false
    /// A program to run inside, by the shell.
    var command: String?

    /// Reads the command line: words like `--cycles=3`.
    init?(_ arguments: [String]) {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = parts.first, read(name, parts.count > 1 ? parts[1] : "") else { return nil }
        }
    }

    private mutating func read(_ name: String, _ value: String) -> Bool {
        switch name {
        case "--folder": folder = value
        case "--service": service = value
        case "--user": user = value
        case "--tty": terminal = value
        case "--rhost": remoteHost = value
        case "--cycles": cycles = Int(value) ?? 1
        case "--nofile": descriptorLimit = UInt(value)
        case "--closed-low": closesLow = true
        case "--close-all": closesAll = true
        case "--no-account": runsAccount = false
        case "--no-session": runsSession = false
        case "--opens": opens = Int(value) ?? 1
        case "--closes": closes = Int(value) ?? 1
        case "--thread": usesThread = true
        case "--interrupts": interrupts = true
        case "--odd-user": hasOddUser = true
        case "--silent": flags = CInt(bitPattern: UInt32(PAM_SILENT))
        case "--run": command = value
        default: return false
        }
        return true
    }
}
