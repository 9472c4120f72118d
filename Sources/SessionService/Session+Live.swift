internal import Addressing
internal import ClientAPI
internal import Leasing
internal import SessionPlan

extension Session {
    /// The session as clients see it, with so many of its leaders.
    init(_ live: LiveSession, leadersAtMost most: Int = .max) {
        let lease = live.lease
        let state: Session.State =
            switch live.plan.state {
            case .allocating: .allocating
            case .active: .active
            case .lingering: .lingering
            case .closing: .closing
            case .held, .ended: .held
            case .quarantined: .quarantined
            }
        self.init(
            id: lease.session.description, state: state, mode: lease.mode == .enter ? .enter : .reserve,
            scope: lease.scope == .user ? .user : .session, pool: lease.pool, address: lease.address?.description,
            prefixLength: lease.addresses.first?.prefix.length, pairedAddress: lease.pairedAddress?.description,
            pairedPrefixLength: lease.addresses.dropFirst().first?.prefix.length,
            parent: lease.address == nil ? nil : lease.parent,
            mac: live.mac?.description, user: lease.user, uid: lease.uid,
            service: lease.service, leaders: Array(live.leaders.values.map(\.leader.pid).sorted().prefix(most)),
            leftovers: live.plan.leftovers == .wait ? .wait : .kill, number: Int32(lease.number),
            cookie: live.plan.cookie, boot: lease.bootID, opened: lease.openedAt, openedBoot: lease.openedBoot,
            heldUntilBoot: lease.heldUntilBoot, holders: live.holders.isEmpty ? nil : live.holders)
    }
}
