internal import Addressing
internal import ClientAPI
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Netlink
internal import SessionPlan
internal import Varlink

/// When and how a session has ended, as the store is told.
struct SessionEnd: Sendable {
    let lease: Lease
    let real: Int64
    let boot: Int64
    let reason: String
    let failed: Bool
}

/// One session as the service drives it: what is stored, what is planned, and what waits for it.
///
/// Belongs to the service's actor.
final class LiveSession {
    /// What came of an open.
    enum Opening: Sendable {
        case granted(DescriptorBox)
        case failed(OpenFailure, Failure)
    }

    /// Why a request for the session failed.
    struct Failure: Sendable {
        /// In words.
        let text: String
        /// Whether it is the helper that is missing, rather than unable to do one thing.
        let isAboutHelper: Bool

        init(_ text: String, isAboutHelper: Bool = false) {
            self.text = text
            self.isAboutHelper = isAboutHelper
        }

        init(_ failure: HelperFailure) {
            self.init(failure.description, isAboutHelper: failure.isAboutHelper)
        }
    }

    var lease: Lease
    /// Its pool as it was at the open; nil for one that an earlier service has opened.
    let pool: Pool?
    var plan: SessionPlan
    /// The caller of open, until it has its answer.
    var opener: CheckedContinuation<Opening, Never>?
    /// What tells of the opener's end, while that matters.
    var openerWatch: (connection: VarlinkConnection, number: UInt64)?
    /// The namespace, from its connection to its handing over.
    var descriptor: DescriptorBox?
    var leaders: [LeaderID: LeaderWatch] = [:]
    /// Leaders that were given the namespace and have not said that they are in, and what tells of their connection's end.
    var joining: [LeaderID: (connection: VarlinkConnection, number: UInt64)] = [:]
    /// Logins that wait for the opener's answer, to join.
    var followers: [CheckedContinuation<Void, Never>] = []
    /// The timers that run, each by a number of its own: one that was stopped may still run out.
    var timers: [TimerKind: UInt64] = [:]
    /// Whether anybody ever had the session; else its open failed.
    var wasHandedOver = false
    /// The last writing of its state.
    var lastRecord: Task<Bool, Never>?
    /// Its end, until the store has it.
    var unstoredEnd: SessionEnd?
    /// Callers of close that wait, by a number of their own.
    var closers: [UInt64: CheckedContinuation<Void, Never>] = [:]
    /// The namespace's inode, once its pin was taken away.
    var inode: UInt64?
    /// Who keeps its namespace alive after its end, as far as that was found.
    var holders: [Holder] = []
    /// Whether it was told that the session cannot be pinned again.
    var isPinMissing = false
    /// What was told of its network last, until it is whole again.
    var networkAlarm: String?
    /// Who else on the LAN has its address, as far as that was heard.
    var claim: String?
    /// Whether its network is about to be looked at.
    var isWaitingForLook = false
    /// When it was, in microseconds since boot.
    var lastLook: Int64 = .min / 2
    /// Whether it was said that a link has the address longer than that rests.
    var isLinkReported = false
    /// Why the last request for this session failed.
    var lastFailure = Failure("")

    init(lease: Lease, plan: SessionPlan, pool: Pool? = nil) {
        self.lease = lease
        self.pool = pool
        self.plan = plan
    }

    /// The MAC address that the virtual IP and the one paired with it keep for ever; nil for an isolated session.
    var mac: MACAddress? { lease.address.map { MACAddress(virtualIP: $0, farm: 0) } }

    /// The link that the helper is asked for; nil for an isolated session.
    var link: SessionLink? {
        guard let mac else { return nil }
        let mode: MacvlanLinkMode =
            switch lease.macvlanMode {
            case .bridge: .bridge
            case .private: .private
            case .vepa: .vepa
            }
        return SessionLink(
            parent: lease.parent, mode: mode, mac: mac, addresses: lease.addresses,
            mtuBytes: pool?.mtuBytes, routes: pool?.routes ?? [])
    }

    /// The opener's end means nothing any more: a leader is watched, or the session is reserved, or gone.
    func forgetOpener() {
        guard let watch = openerWatch else { return }
        watch.connection.forgetOnClose(watch.number)
        openerWatch = nil
    }

    /// That leader's connection may end: it is in, or is a leader no more.
    func forgetJoining(_ leader: LeaderID) {
        guard let watch = joining.removeValue(forKey: leader) else { return }
        watch.connection.forgetOnClose(watch.number)
    }

    /// The opener has its answer.
    func resumeFollowers() {
        for follower in followers { follower.resume() }
        followers = []
    }

    /// Brings the lease up to what the plan says now.
    func refreshLease() {
        lease.phase =
            switch plan.state {
            case .allocating: .allocating
            case .active: .active
            case .lingering: .lingering
            case .closing: .closing
            case .held, .ended: .held
            case .quarantined: .quarantined
            }
        lease.cookie = plan.cookie
        lease.endReason = plan.endReason?.rawValue ?? lease.endReason
        lease.leaders = leaders.values.map(\.leader)
    }
}
