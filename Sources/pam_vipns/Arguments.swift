internal import CPAM

/// The arguments that the PAM configuration gives the module.
struct Arguments {
    /// What becomes of a login where the service cannot be used.
    enum Policy {
        /// It goes on without a session.
        case open
        /// It is refused.
        case closed
    }

    /// `fail=open` or `fail=closed`.
    private(set) var policy = Policy.open
    /// `socket=PATH`; nil for the usual one.
    private var path: CText?
    /// `debug`.
    private(set) var isDebug = false

    /// Reads `count` arguments; `complain` is told of those that are not understood, and they change nothing.
    init(count: CInt, _ arguments: ArgumentVector?, complain: (CText) -> Void) {
        guard let arguments = unsafe arguments else { return }
        var index = 0
        while index < Int(count) {
            // Sound: libpam gives so many arguments.
            if let argument = unsafe arguments[index], !read(unsafe CText(borrowing: argument)) {
                complain(unsafe CText(borrowing: argument))
            }
            index &+= 1
        }
    }

    private mutating func read(_ argument: CText) -> Bool {
        if argument.equals("debug") {
            isDebug = true
        } else if argument.equals("fail=open") {
            policy = .open
        } else if argument.equals("fail=closed") {
            policy = .closed
        } else if argument.hasPrefix("socket=/") {
            path = argument.dropFirst(7)
        } else {
            return false
        }
        return true
    }

    private static var usualPath: Literal { "/run/vipns/io.vipns" }

    /// The path of the service's socket.
    var socketPath: CText { path ?? Self.usualPath.text }
}
