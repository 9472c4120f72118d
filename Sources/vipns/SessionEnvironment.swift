import ClientAPI
import Glibc
import LinuxSystem

/// The environment of a command in a session: what stays of the present one, and what is set.
struct SessionEnvironment: Equatable {
    /// Set whatever was there.
    let assignments: [String: String]
    /// Set where nothing was there.
    let defaults: [String: String]
    /// Whether the command runs as somebody else, who gets little of the present environment.
    private let isForAnother: Bool

    /// What passes to another user: language, time zone and terminal.
    ///
    /// Ends with `*` where the beginning decides.
    private static let passing = [
        "COLORTERM", "DISPLAY", "LANG", "LANGUAGE", "LC_*", "LS_COLORS", "NO_COLOR", "TERM", "TZ",
    ]

    /// Puts it together for `account`; `caller` is who runs now, `session` is nil in the host's network.
    init(for account: Account, calledBy caller: Account, session: Session?) {
        let identity = [
            "HOME": account.home, "SHELL": account.shell, "USER": account.name, "LOGNAME": account.name,
            "PATH": account.uid == 0
                ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" : "/usr/local/bin:/usr/bin:/bin",
        ]
        var own: [String: String] = [:]
        if let session {
            own["VIPNS_SESSION"] = session.id
            own["VIPNS_POOL"] = session.pool
            own["VIPNS_ADDRESS"] = session.address
            own["VIPNS_PAIRED_ADDRESS"] = session.pairedAddress
        }
        isForAnother = account != caller
        assignments = isForAnother ? identity.merging(own) { _, own in own } : own
        defaults = isForAnother ? [:] : identity
    }

    /// Whether a variable of the present environment stays.
    func keeps(_ name: String) -> Bool {
        // What an outer session said is wrong in this one.
        if name.hasPrefix("VIPNS_") { return false }
        guard isForAnother else { return true }
        return Self.passing.contains { pattern in
            pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
        }
    }

    /// Makes it this process's environment.
    ///
    /// What stays keeps its octets, whatever their encoding. Only for a process with one thread that is about to become
    /// another program: environ(7) has no lock.
    func install() {
        var kept: [[CChar]] = []
        var next = unsafe environ
        while let entry = unsafe next.pointee {
            let name = unsafe String(cString: entry).prefix { $0 != "=" }
            if keeps(String(name)) {
                unsafe kept.append(Array(UnsafeBufferPointer(start: entry, count: strlen(entry) + 1)))
            }
            unsafe next += 1
        }
        _ = clearenv()
        // putenv(3) takes the string itself, so each is a copy that is never freed.
        for entry in kept { _ = unsafe putenv(strdup(entry)) }
        for (name, value) in assignments { _ = unsafe setenv(name, value, 1) }
        for (name, value) in defaults { _ = unsafe setenv(name, value, 0) }
    }
}
