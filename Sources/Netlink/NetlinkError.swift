public import LinuxSystem

/// A netlink request that failed: what was tried, the errno, and the kernel's own words where it gave any.
public struct NetlinkError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried on which object: `create macvlan 'eth0' on parent link 'eth1'`.
    public let operation: String
    /// Why it failed.
    public let errno: Errno
    /// The text of the extended acknowledgement; netlink(7), NETLINK_EXT_ACK.
    public let kernelText: String?

    /// Puts the facts together.
    public init(operation: String, errno: Errno, kernelText: String? = nil) {
        self.operation = operation
        self.errno = errno
        self.kernelText = kernelText
    }

    /// `cannot OPERATION: WHY`, then the kernel's words, then a hint where the cause is a common one.
    public var description: String {
        let words = kernelText.map { ": \($0)" } ?? ""
        return "cannot \(operation): \(errno)\(words)\(hint.map { " (\($0))" } ?? "")"
    }

    private var hint: String? {
        switch errno {
        case .notPermitted: "CAP_NET_ADMIN is needed"
        case .addressInUse where operation.contains("macvlan"):
            "another link of this parent carries the MAC address"
        // Kernel < 6.15 makes the link in the host first: there its index may be taken, for example by a session's link that
        // was moved to the host.
        case .busy where operation.contains("macvlan"):
            "is the parent link used by ipvlan, a bridge or a bond? See 'ip -d link'; else a link has the new one's index"
        case .fileExists where operation.contains("macvlan"): "another link has its name"
        case .invalidArgument where operation.contains(" and MTU "):
            "the MTU must not be above the parent link's"
        // A link with less has no IPv6 at all; RFC 8200 §5.
        case .invalidArgument where operation.hasPrefix("add address ") && operation.contains(":"):
            "IPv6 needs an MTU of 1280 at least"
        default: nil
        }
    }
}
