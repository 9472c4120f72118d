internal import Addressing

/// Somebody who logs in, as PAM tells it.
public struct Login: Hashable, Sendable {
    /// The user's name (PAM_USER).
    public let user: String
    /// The program that lets the user in, as its file in /etc/pam.d is called (PAM_SERVICE).
    public let service: String
    /// The terminal without `/dev/`, such as `tty1`, `:0`, or sshd's `ssh`; nil where PAM has none (PAM_TTY).
    public let tty: String?
    /// The name or address of the host from which the user comes; nil for a local login (PAM_RHOST).
    public let remoteHost: String?

    /// What `remoteHost` is where it is no name.
    let remoteAddress: IPAddress?

    /// Makes a login of what PAM says; an empty text is as good as none.
    public init(user: String, service: String, tty: String? = nil, remoteHost: String? = nil) {
        self.user = user
        self.service = service
        self.tty = tty.map(withoutDeviceFolder).flatMap { $0.isEmpty ? nil : $0 }
        self.remoteHost = remoteHost.flatMap { $0.isEmpty ? nil : $0 }
        self.remoteAddress = remoteHost.flatMap(hostAddress)
    }
}

/// What becomes of a login that stands in a session already, such as `su` inside of one.
public enum NestedPolicy: String, CaseIterable, Hashable, Sendable {
    /// It stays in that session.
    case keep
    /// It gets a session of its own, as if it came from outside.
    case own
    /// It leaves that session for the host's network.
    case host
}
