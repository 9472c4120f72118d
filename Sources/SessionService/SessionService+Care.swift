internal import Addressing
internal import ClientAPI
internal import Glibc
internal import HelperChannel
internal import Leasing
internal import LinuxSystem
internal import Logging
internal import Netlink
internal import SessionPlan

/// What is known of the helper and of what is not as it should be, to say each thing once.
struct Care {
    /// The alarm about the helper itself.
    var alarm: String?
    /// Sessions that wait to be looked at, in this order.
    var waiting: [SessionID] = []
    var isLooking = false
}

/// What an administrator, or a program of his, does to living sessions: healed, or told.
///
/// Two things set it going: what the kernel tells of a link, an address or a route that was taken away (CHANGED), and an
/// audit every 2 s, which is the sign of life between the daemons, too; docs/decisions/0018.
extension SessionService {
    /// How often the helper is asked.
    private static let pause = Duration.seconds(2)
    /// The least time between two looks at one session: limits repair to once a second.
    private static let restMicroseconds: Int64 = 1_000_000
    /// After so long an alarmed session is looked at again.
    private static let againMicroseconds: Int64 = 10_000_000

    /// Audits until the connection to the helper is another one, or none.
    func runAudits(with helper: HelperConnection) async {
        while self.helper === helper, !Task.isCancelled {
            await audit()
            await loop.sleep(for: Self.pause)
        }
    }

    private func audit() async {
        let disagreement = await agreeAgain()
        // Before the question: what is handed over while it is asked is not in the answer.
        let wanted = sessions.values.filter(\.shouldBePinned)
        do throws(HelperFailure) {
            let parts = try await ask(.audit).parts
            if disagreement == nil { settleAlarm("vipns-helper answers again") }
            var whole: Set<SessionID> = []
            for case .audited(let sessions, let audit) in parts {
                whole.formUnion(sessions)
                if let audit { try await take(audit) }
            }
            for live in wanted where whole.contains(live.lease.session) && live.isPinMissing { notePinned(live) }
            try await pinAgain(wanted.filter { !whole.contains($0.lease.session) && $0.shouldBePinned })
            lookAgainAtAlarmed()
            if let disagreement { raiseAlarm(disagreement) }
        } catch {
            // Busy is not silent, and what ends the connection is told where that is noticed.
            if error == .helperLost { return }
            if error == .helperSilent, helper?.wasHeard(within: .seconds(2)) ?? true { return }
            raiseAlarm(error.description)
        }
    }

    private func raiseAlarm(_ text: String) {
        guard care.alarm != text else { return }
        care.alarm = text
        logger.error("cannot look after sessions", metadata: ["error": "\(text)"])
        tell(.alarm, nil, text)
    }

    /// The connection has ended: where that is noticed it is logged as well.
    func noteHelperLost() {
        guard care.alarm == nil else { return }
        care.alarm = HelperFailure.helperLost.description
        tell(.alarm, nil, HelperFailure.helperLost.description)
    }

    private func settleAlarm(_ text: String) {
        guard care.alarm != nil else { return }
        care.alarm = nil
        logger.warning("healed", metadata: ["what": "\(text)"])
        tell(.healed, nil, text)
    }

    private func take(_ audit: HelperAnswer.Audit) async throws(HelperFailure) {
        if let mended = audit.mended {
            logger.warning("healed", metadata: ["what": "\(mended)"])
            tell(.healed, nil, "made anew: \(mended)")
        }
        guard !audit.isListening, let server else { return }
        do {
            try await listen(on: server)
            logger.warning("healed", metadata: ["what": "the client socket"])
            tell(.healed, nil, "made anew: the client socket")
        } catch let error as HelperFailure {
            throw error
        } catch {
            throw HelperFailure(errno: EIO, description: "cannot listen: \(error)")
        }
    }

    // MARK: - Pins

    private func pinAgain(_ lives: [LiveSession]) async throws(HelperFailure) {
        for start in stride(from: 0, to: lives.count, by: HelperRequest.mostEntries) {
            let some = lives[start..<min(start + HelperRequest.mostEntries, lives.count)].filter(\.shouldBePinned)
            if some.isEmpty { continue }
            let parts = try await ask(.pin(some.map { .init(session: $0.lease.session, number: $0.lease.number) }))
                .parts
            var pinned: Set<SessionID> = []
            for case .pinned(let sessions) in parts { pinned.formUnion(sessions) }
            for live in some where live.shouldBePinned {
                if pinned.contains(live.lease.session) { notePinned(live) } else { noteUnpinned(live) }
            }
        }
    }

    private func notePinned(_ live: LiveSession) {
        live.isPinMissing = false
        logger(for: live).warning("healed", metadata: ["what": "pin and name"])
        tell(.healed, live, "made anew: pin and name")
    }

    private func noteUnpinned(_ live: LiveSession) {
        guard !live.isPinMissing else { return }
        live.isPinMissing = true
        let text = "its pin is gone, and no process stands in its namespace"
        logger(for: live).error("cannot pin a session again", metadata: ["error": "\(text)"])
        tell(.alarm, live, text)
    }

    // MARK: - Link, addresses, routes

    /// Looks at every session in use: changes may not have been heard.
    func lookAtAll() {
        for live in sessions.values.sorted(by: { $0.lease.number < $1.lease.number }) { look(at: live) }
    }

    /// Looks at a session's network soon, and makes anew what is missing.
    func look(at live: LiveSession) {
        guard live.hasNetwork, !live.isWaitingForLook else { return }
        let rest = live.lastLook + Self.restMicroseconds - SystemClock.bootTimeMicroseconds()
        live.isWaitingForLook = true
        if rest <= 0 { return enqueueLook(live.lease.session) }
        let id = live.lease.session
        loop.perform(after: .microseconds(rest)) { [weak self] in self?.enter { $0.enqueueLook(id) } }
    }

    /// One after the other: a thousand sessions to look at must not keep a login waiting.
    private func enqueueLook(_ id: SessionID) {
        care.waiting.append(id)
        guard !care.isLooking else { return }
        care.isLooking = true
        Task.immediate(executorPreference: loop) {
            while let next = self.care.waiting.first {
                self.care.waiting.removeFirst()
                if let live = self.sessions[next] { await self.restore(live) }
            }
            self.care.isLooking = false
        }
    }

    private func restore(_ live: LiveSession) async {
        // What is told from here on may be of something that this look does not see any more.
        live.isWaitingForLook = false
        live.lastLook = SystemClock.bootTimeMicroseconds()
        guard live.hasNetwork else { return }
        do throws(HelperFailure) {
            let reply = try await ask(
                .restore(live.lease.session, number: live.lease.number, link: link(toRestore: live)))
            guard case .restored(let what)? = reply.parts.first else { return }
            noteRestored(live, what)
        } catch {
            // All are looked at when the helper is there again. What has ended meanwhile has nothing to restore.
            guard !error.isAboutHelper, live.hasNetwork, live.networkAlarm != error.description else { return }
            live.networkAlarm = error.description
            logger(for: live).error("cannot restore a session's network", metadata: ["error": "\(error.description)"])
            tell(.alarm, live, error.description)
        }
    }

    private func noteRestored(_ live: LiveSession, _ what: String?) {
        let wasAlarmed = live.networkAlarm != nil
        live.networkAlarm = nil
        guard what != nil || wasAlarmed else { return }
        let text = what.map { "made anew: \($0)" } ?? "its network is whole again"
        logger(for: live).warning("healed", metadata: ["what": "\(what ?? text)"])
        tell(.healed, live, text)
    }

    private func lookAgainAtAlarmed() {
        let now = SystemClock.bootTimeMicroseconds()
        for live in sessions.values where live.networkAlarm != nil && now - live.lastLook > Self.againMicroseconds {
            look(at: live)
        }
    }

    /// As it was opened; of a session that an earlier service has opened, MTU and routes are those of its pool today.
    private func link(toRestore live: LiveSession) -> SessionLink? {
        guard let link = live.link, live.pool == nil, let pool = pools[live.lease.pool]?.pool else { return live.link }
        return SessionLink(
            parent: link.parent, mode: link.mode, mac: link.mac, addresses: link.addresses, mtuBytes: pool.mtuBytes,
            routes: pool.routes)
    }

    // MARK: - Conflicts on the LAN

    /// Another machine answers for a session's address: told once for a session, and nothing is taken from anybody.
    func noteClaim(_ address: IPAddress, by mac: MACAddress) {
        guard let live = sessions.values.first(where: { $0.hasNetwork && $0.lease.address == address }),
            live.claim == nil
        else { return }
        let text = "another machine, \(mac), answers for \(address)"
        live.claim = text
        logger(for: live).warning(
            "two machines have an address (is it in another server's ranges, or given by DHCP?)",
            metadata: ["error": "\(text)"])
        tell(.alarm, live, text)
    }

    // MARK: - Telling

    /// Tells those who watch.
    func tell(_ kind: WatchEvent.Kind, _ live: LiveSession?, _ text: String) {
        guard watchers.isWatched else { return }
        watchers.publish(
            WatchEvent(
                time: SystemClock.realTimeMicroseconds(), kind: kind, session: live.map { Session($0) }, text: text))
    }
}

extension LiveSession {
    /// Whether somebody uses it, so that its pin must be there.
    fileprivate var shouldBePinned: Bool {
        switch plan.state {
        case .active: true
        case .allocating: wasHandedOver && plan.cookie != nil
        case .lingering, .closing, .held, .quarantined, .ended: false
        }
    }

    /// Whether its network must be whole: processes that linger have the address, too.
    fileprivate var hasNetwork: Bool { shouldBePinned || plan.state == .lingering }
}
