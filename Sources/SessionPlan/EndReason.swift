/// Why a session ended, for its history record.
///
/// Stored by raw value, so a case is never renamed. Sessions that a reboot ended get their reason from the store.
public enum EndReason: String, Sendable, Hashable, CaseIterable {
    /// Somebody asked for it.
    case closedByRequest
    /// The last leader ended.
    case leaderEnded
    /// Whoever opened it went away before it was in.
    case openerGone
    /// The opener had its descriptor and did not say that it is in.
    case neverEntered
    /// The service stopped while the session was being made.
    case interrupted
    /// The intent could not be stored.
    case intentFailed
    /// The namespace could not be made.
    case namespaceFailed
    /// The network could not be connected.
    case networkFailed
    /// Something else owns the address.
    case addressInUse
    /// The namespace vanished under the session.
    case destroyedFromOutside

    /// What an opener that still waits is told; nil when nobody is left to tell.
    var refusal: OpenFailure? {
        switch self {
        case .closedByRequest: .closed
        case .intentFailed: .intent
        case .namespaceFailed, .destroyedFromOutside: .namespace
        case .networkFailed: .network
        case .addressInUse: .addressInUse
        case .openerGone, .leaderEnded, .neverEntered, .interrupted: nil
        }
    }
}

extension EndReason: CustomStringConvertible {
    /// The words of the history record.
    public var description: String {
        switch self {
        case .closedByRequest: "closed by request"
        case .leaderEnded: "last leader ended"
        case .openerGone: "opener went away"
        case .neverEntered: "opener never entered"
        case .interrupted: "service stopped while opening"
        case .intentFailed: "open failed: intent not stored"
        case .namespaceFailed: "open failed: namespace not made"
        case .networkFailed: "open failed: network not connected"
        case .addressInUse: "open failed: address in use"
        case .destroyedFromOutside: "namespace destroyed from outside"
        }
    }
}
