public import Addressing
internal import Glibc
public import LinuxSystem
internal import Netlink

extension SessionNetworks {
    /// What the kernel knows of one session: a pin, a living number, or both.
    public struct Found: Hashable, Sendable {
        /// From the pin's name; nil where only the number is left.
        public var session: SessionID?
        /// The namespace's number in the host; nil for a wreck: a pin without mount, or whose namespace has no number.
        public var number: Int32?
        /// The namespace's cookie; nil where no pin leads to it.
        public var cookie: UInt64?
        /// Whether the namespace has its link.
        public var hasLink: Bool
    }

    /// The pinned namespace, to run something more in it.
    ///
    /// - Throws: ENOENT where there is no pin.
    public func join(_ session: SessionID) throws(NetworkError) -> OwnedDescriptor {
        try pins.open(session).intoDescriptor()
    }

    /// Every process that stands in a namespace of ours, by the namespace's number.
    ///
    /// - Throws: what kept it from looking at all of them.
    public func members() throws(NetworkError) -> [(number: Int32, pid: Int32)] {
        try scan { $0 >= Self.firstNumber }.map { ($0.number, $0.pid) }
    }

    private func scan(
        _ isMeant: (Int32) -> Bool, met: (MemberScan.Member) -> Void = { _ in }
    ) throws(NetworkError) -> Set<MemberScan.Member> {
        do throws(Errno) {
            return try MemberScan(host: host, isOurs: isMeant, met: met).members
        } catch {
            throw NetworkError("look for processes in '/proc'", error)
        }
    }

    /// Kills every process in these namespaces, those that they start meanwhile included.
    ///
    /// Gives up after 200 ms on what does not go at once (uninterruptible sleep); ask again later. One scan of /proc
    /// serves all.
    /// - Returns: how many are left in each; a namespace without any is missing.
    /// - Throws: what kept it from looking at all processes.
    public func killMembers(numbers: Set<Int32>) throws(NetworkError) -> [Int32: Int] {
        let deadline = ContinuousClock.now + .milliseconds(200)
        while ContinuousClock.now < deadline {
            do throws(NetworkError) {
                // Each as soon as it is met: one that forks and ends without pause is caught by its speed alone.
                let found = try scan({ numbers.contains($0) }, met: kill)
                if found.isEmpty { return [:] }
                // All at once, then wait: while one is waited for, the others could go on starting more.
                for member in found where ContinuousClock.now < deadline { awaitEnd(of: member.pid) }
            } catch  where error.errno == .wouldBlock {
                // Some came and went too fast to be looked at.
            }
        }
        return try scan { numbers.contains($0) }.reduce(into: [:]) { $0[$1.number, default: 0] += 1 }
    }

    private func kill(_ member: MemberScan.Member) {
        guard let process = try? PidDescriptor(pid: member.pid) else { return }
        // Between the scan and here the pid may have come to mean another process: look again now that it is held.
        let numbers = try? MemberScan.numbers(ofProcess: member.pid, host: host)
        guard numbers?.contains(member.number) == true else { return }
        try? process.signal(SIGKILL)
    }

    /// Waits a moment for a process to end; should the number mean another one by now, only the moment is lost.
    private func awaitEnd(of pid: Int32) {
        _ = try? PidDescriptor(pid: pid).descriptor.isReadable(within: 10)
    }

    /// Ends what a session holds by itself: TCP sockets, pin, name, sockets of ours inside.
    ///
    /// Goes on after a failure. Doing it again, or for a session that never was, is harmless.
    /// - Throws: the first failure.
    public func dismantle(_ session: SessionID, number: Int32) throws(NetworkError) -> Remains {
        endConnections(of: [session])
        return try unpin(session, number: number)
    }

    /// Takes the pin away and leaves everything inside alone.
    ///
    /// - Throws: the first failure.
    public func unpin(_ session: SessionID, number: Int32) throws(NetworkError) -> Remains {
        let inode = pins.inode(session)
        try pins.remove(session)
        return Remains(isAlive: try isAlive(number), inode: inode)
    }

    /// What is left of a session whose pin was taken away.
    public struct Remains: Sendable {
        /// Whether the kernel still knows the number: then somebody else holds the namespace, or did just now.
        public let isAlive: Bool
        /// The namespace's inode, where it was pinned: it tells who.
        public let inode: UInt64?
    }

    /// Ends the sessions' TCP connections, and lets go of sockets of ours inside; the first part of an end.
    ///
    /// Peers get a reset, and an orphaned socket (FIN-WAIT, no process) cannot keep the namespace alive. What cannot be
    /// ended is passed over: the link's deletion comes for it.
    public func endConnections(of sessions: [SessionID]) {
        for session in sessions { forgetMade(session) }
        let pins = pins
        try? NetworkNamespace.run(inEach: sessions, open: { try? pins.open($0) }, TCPSockets.destroyAll)
    }

    /// Whether anything still holds the namespace of that number.
    ///
    /// - Throws: the kernel's refusal.
    public func isAlive(_ number: Int32) throws(NetworkError) -> Bool {
        do throws(NetlinkError) {
            return try host.isNamespaceAlive(number: number)
        } catch {
            throw NetworkError(error)
        }
    }

    /// Deletes the session's link from outside, by the namespace's number, and waits until the kernel has.
    ///
    /// The last resort against a foreign holder of the namespace: the address is free afterwards, whoever holds on. The
    /// link is told by its kind alone: it may have got another name, and another MAC address.
    /// - Throws: the kernel's refusal; a link or namespace that is gone is none.
    public func deleteLink(number: Int32) throws(NetworkError) {
        do throws(NetlinkError) {
            for link in try host.links(targetNamespace: number) where link.kind == "macvlan" {
                var request = NetlinkRequest(capacity: 256)
                request.deleteLink(index: link.index, targetNamespace: number)
                try host.perform(request, accepting: [.noSuchDevice])
            }
        } catch {
            // EINVAL is also the answer for a number that nobody has any more.
            if error.errno == .invalidArgument, try !isAlive(number) { return }
            throw NetworkError(error)
        }
    }

    /// Everything of ours that the kernel knows, to hold the service's store against.
    ///
    /// Of the sessions in `known` only those are told whose number nobody has any more, without number: to look at
    /// thousands that live would keep others waiting.
    /// - Throws: what failed.
    public func list(but known: [(session: SessionID, number: Int32)] = []) throws(NetworkError) -> [Found] {
        var numbers: Set<Int32>
        do throws(NetlinkError) {
            numbers = try host.namespaceNumbers().filter { $0 >= Self.firstNumber }
        } catch {
            throw NetworkError(error)
        }
        var found: [Found] = []
        for (session, number) in known where numbers.remove(number) == nil {
            found.append(Found(session: session, cookie: try? pins.open(session).cookie(), hasLink: false))
        }
        let passed = Set(known.map(\.session))
        for session in try pins.list() where !passed.contains(session) {
            var entry = Found(session: session, hasLink: false)
            if let namespace = try? pins.open(session) {
                let number = namespace.descriptor.withRaw { try? host.namespaceNumber(of: $0) }
                // Another number is not one that we gave: the pin leads to somebody else's namespace.
                entry.number = number.flatMap { $0 >= Self.firstNumber ? $0 : nil }
                entry.cookie = try? namespace.cookie()
            }
            if let number = entry.number {
                numbers.remove(number)
                entry.hasLink = hasLink(number)
            }
            found.append(entry)
        }
        found += pins.danglingNames().filter { !passed.contains($0) }.map { Found(session: $0, hasLink: false) }
        return found + numbers.map { Found(number: $0, hasLink: hasLink($0)) }
    }

    private func hasLink(_ number: Int32) -> Bool {
        let links = try? host.links(targetNamespace: number)
        return links?.contains { Self.isSessionLink($0) } ?? false
    }

    /// A macvlan with a MAC address of those that software may choose: what vipns makes, and what containers have is not.
    static func isSessionLink(_ link: LinkDescription) -> Bool {
        link.kind == "macvlan" && link.mac?.octets.first == 0x02
    }
}
