public import Leasing

/// What logins of one kind get: where all conditions hold, this is what is done.
///
/// Patterns may hold `*` and `?`. A condition that is empty holds for every login, but for `services`.
public struct LoginRule: Hashable, Sendable {
    /// Where sessions get their address from.
    public enum Target: Hashable, Sendable {
        /// The pool of this name.
        case pool(String)
        /// Nowhere: there is no session, the login is left alone.
        case none
    }

    /// PAM's names of programs, in lower case.
    public let services: [String]
    /// Names of users.
    public let users: [String]
    /// Names of groups, the user's own one among them.
    public let groups: [String]
    /// Terminals, without `/dev/`.
    public let ttys: [String]
    /// Where users come from; where this is not empty, a local login is not meant.
    public let remote: [RemotePattern]
    /// What the login gets.
    public let target: Target
    /// Which logins share what they get; of no meaning where `target` is `none`.
    public let scope: SessionScope
    /// What becomes of a login that stands in a session already; `own` is of no meaning where `target` is `none`.
    public let nested: NestedPolicy

    /// Makes a rule from parts that were checked; `services` and `ttys` may be in any spelling.
    public init(
        services: [String] = LoginRule.usualServices, users: [String] = [], groups: [String] = [], ttys: [String] = [],
        remote: [RemotePattern] = [], target: Target, scope: SessionScope = .session, nested: NestedPolicy = .keep
    ) {
        self.services = services.map { $0.lowercased() }
        self.users = users
        self.groups = groups
        self.ttys = ttys.map(withoutDeviceFolder)
        self.remote = remote
        self.target = target
        self.scope = scope
        self.nested = nested
    }

    /// The services of a rule that names none: people who come in by the network, at a console or at a desktop.
    ///
    /// Not what runs beside a login or within one: cron, su, sudo, systemd-user, polkit-1, and what shows the login
    /// screen (gdm-launch-environment, lightdm-greeter, sddm-greeter).
    public static let usualServices = [
        "sshd", "login", "remote", "gdm-password", "gdm-autologin", "gdm-fingerprint", "gdm-smartcard*", "lightdm",
        "lightdm-autologin", "sddm", "sddm-autologin", "lxdm", "xdm", "wdm", "slim", "greetd", "xrdp-sesman",
    ]
}

extension LoginRule {
    /// Whether all conditions but `groups` hold for `login`.
    func matchesBesideGroups(_ login: Login) -> Bool {
        // libpam makes lower case of every service's name.
        let service = login.service.lowercased()
        return services.contains { fits(service, $0) }
            && (users.isEmpty || users.contains { fits(login.user, $0) })
            && (ttys.isEmpty || login.tty.map { tty in ttys.contains { fits(tty, $0) } } ?? false)
            && (remote.isEmpty || remote.contains { $0.matches(login) })
    }

    /// Whether the condition `groups` holds for a user of these groups.
    func matches(groups names: Set<String>) -> Bool {
        groups.isEmpty
            || groups.contains { pattern in
                hasWildcard(pattern) ? names.contains { fits($0, pattern) } : names.contains(pattern)
            }
    }
}

extension LoginRule: CustomStringConvertible {
    /// Its conditions and what it does, such as `services sshd, groups agents: pool 'agents', scope user`.
    public var description: String {
        let conditions = [
            ("services", services == Self.usualServices ? ["the usual ones"] : services), ("users", users),
            ("groups", groups), ("ttys", ttys), ("remote", remote.map(\.description)),
        ].filter { !$0.1.isEmpty }.map { "\($0) \($1.joined(separator: ", "))" }
        let deed =
            switch target {
            case .pool(let name): "pool '\(name)'"
            case .none: "no session"
            }
        let options = (scope == .session ? "" : ", scope \(scope)") + (nested == .keep ? "" : ", nested \(nested)")
        return "\(conditions.joined(separator: "; ")): \(deed)\(options)"
    }
}
