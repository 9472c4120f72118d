internal import CLinux
internal import Glibc

/// What is used where the running kernel has it, and done without where it has not.
public enum KernelFeature: CaseIterable, Sendable {
    /// A connection tells its peer's process, and not only its number: SO_PEERPIDFD, Linux 6.5.
    case peerProcess
    /// A connection tells its peer's network namespace: SO_NETNS_COOKIE, Linux 5.14.
    case peerNamespace
    /// A socket refuses the descriptors that somebody passes: SO_PASSRIGHTS, Linux 6.16.
    case refusedDescriptors

    /// Whether the kernel has it, tried on sockets of the caller's own.
    ///
    /// What cannot be tried counts as there: it is not the kernel's age that is in the way.
    public var isThere: Bool {
        guard let pair = try? UnixSocket.pair(.stream) else { return true }
        let raw = pair.first.withRaw { $0 }
        do throws(Errno) {
            switch self {
            case .peerProcess: _ = OwnedDescriptor(adopting: try checked { vipns_peer_pidfd(raw) })
            case .peerNamespace: _ = try PeerCredentials.networkNamespaceCookie(of: pair.first)
            case .refusedDescriptors: try checked { vipns_refuse_descriptors(raw) }
            }
        } catch .noProtocolOption {
            return false
        } catch {
            return true
        }
        return true
    }

    /// What is missing without it, and what that means.
    public var consequence: String {
        switch self {
        case .peerProcess:
            "no SO_PEERPIDFD (Linux 6.5): callers are told by process number and start time, looked up after they connected"
        case .peerNamespace:
            "no SO_NETNS_COOKIE (Linux 5.14): who calls from inside a session is not told from who calls from outside"
        case .refusedDescriptors:
            "no SO_PASSRIGHTS (Linux 6.16): a local user can hold vipnsd up by what it passes to its socket; sessions live on"
        }
    }
}
