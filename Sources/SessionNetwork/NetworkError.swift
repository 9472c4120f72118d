public import LinuxSystem
public import Netlink

/// A step on a session's kernel objects that failed, in words for the administrator.
public struct NetworkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Why, as a number, for the caller that must tell causes apart.
    public let errno: Errno
    /// What was tried on which object and why it failed, whole.
    public let description: String

    /// Words for a failed system call: `cannot OPERATION: WHY (HINT)`.
    public init(_ operation: String, _ errno: Errno, hint: String? = nil) {
        self.errno = errno
        self.description = "cannot \(operation): \(errno)\(hint.map { " (\($0))" } ?? "")"
    }

    /// Takes over a whole sentence, for what has more words than an errno.
    public init(sentence: String, errno: Errno) {
        self.errno = errno
        self.description = sentence
    }

    /// Takes over netlink's words.
    public init(_ error: NetlinkError) {
        self.errno = error.errno
        self.description = error.description
    }
}
