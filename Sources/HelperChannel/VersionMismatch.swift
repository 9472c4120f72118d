/// Service and helper that speak different versions of the helper channel, in one sentence for both logs.
public struct VersionMismatch: Error, Hashable, Sendable, CustomStringConvertible {
    private let service: UInt32
    private let helper: UInt32

    /// Puts the versions together; they must differ.
    public init(service: UInt32, helper: UInt32) {
        self.service = service
        self.helper = helper
    }

    /// Which of the two is older, and what to do.
    public var description: String {
        let (older, newer) = service < helper ? ("vipnsd", "vipns-helper") : ("vipns-helper", "vipnsd")
        return "\(older) is the older one: it speaks version \(min(service, helper)) of the helper channel, \(newer) "
            + "version \(max(service, helper)) (restart \(older); if that does not help, install both anew from one version)"
    }
}
