public import Addressing
internal import Glibc
internal import LinuxSystem
public import Netlink

extension SessionNetworks {
    /// Makes anew what is missing of a session's link, addresses and routes, and of lo; leaves what is there.
    ///
    /// Whether it is all there is looked at again at the end: what is in the way is somebody's, and stays.
    /// With `refusal` nothing is made: where something is missing, that is thrown.
    /// - Returns: what was made anew, for people; nil where nothing was missing.
    /// - Throws: what failed; EADDRINUSE where another link has the MAC address, so that a link that was moved elsewhere
    ///   is not made twice.
    public func restore(
        _ session: SessionID, number: Int32, link: SessionLink?, refusal: NetworkError? = nil
    ) throws(NetworkError) -> String? {
        let parent = link.map { link in Result { () throws(NetworkError) in try ParentLink.index(of: link.parent) } }
        let host = hostNamespace.descriptor.withRaw { $0 }
        let work = Restoring(
            link: link, identity: LinkIdentity(session: session, number: number), parentIndex: parent,
            hostNamespace: host, sysctls: sysctls(), refusal: refusal)
        let outcome: Result<Restoring.Outcome, NetworkError> = try withNamespace(of: session, number: number) {
            (namespace) throws(Errno) in
            try namespace.run { () throws(Errno) in
                Result { () throws(NetworkError) in try work.perform() }
            }
        }
        let done = try outcome.get()
        if done.isLinkNew, let link, case .success(let index)? = parent { announce(link, parentIndex: index) }
        return done.words.isEmpty ? nil : done.words.joined(separator: ", ")
    }

    /// Lends the namespace of that number: by its pin, else by a process that stands in it.
    private func withNamespace<Value>(
        of session: SessionID, number: Int32, _ body: (borrowing NetworkNamespace) throws(Errno) -> Value
    ) throws(NetworkError) -> Value {
        let operation = "enter the namespace of session '\(session)'"
        do throws(Errno) {
            if let pinned = try? pins.open(session), self.number(of: pinned) == number { return try body(pinned) }
            var value: Value?
            try MemberScan.visit([number], host: host) { (_, namespace) throws(Errno) in value = try body(namespace) }
            if let value { return value }
        } catch {
            throw NetworkError(operation, error)
        }
        throw NetworkError(operation, .noSuchFile, hint: "it is not pinned, and no process stands in it")
    }

    /// Pins again those of the sessions whose pin or name is not whole and in whose namespace a process stands.
    ///
    /// - Returns: those that are pinned now.
    /// - Throws: what kept it from looking; what cannot be pinned is left out.
    public func pinAgain(_ wanted: [(session: SessionID, number: Int32)]) throws(NetworkError) -> [SessionID] {
        var pinned: [SessionID] = []
        var missing: [Int32: SessionID] = [:]
        for (session, number) in wanted {
            if let namespace = try? pins.open(session), self.number(of: namespace) == number {
                if (try? pins.name(again: session)) != nil { pinned.append(session) }
            } else {
                missing[number] = session
            }
        }
        do throws(Errno) {
            try MemberScan.visit(Set(missing.keys), host: host) { (number, namespace) throws(Errno) in
                guard let session = missing[number] else { return }
                // A wreck, or a mount of something else, is in the way.
                try? pins.remove(session)
                if (try? pins.add(session, namespace: namespace)) != nil { pinned.append(session) }
            }
        } catch {
            throw NetworkError("look for processes in '/proc'", error)
        }
        return pinned
    }

    /// The sessions whose pin is a mount of a namespace and whose name leads to it.
    ///
    /// - Throws: what kept it from looking.
    public func wholePins() throws(NetworkError) -> [SessionID] { try pins.list().filter { pins.isWhole($0) } }

    /// Makes the pin directory where it is gone, or no mount of its own any more.
    ///
    /// - Returns: whether it had to.
    /// - Throws: what failed.
    public func preparePinsAgain() throws(NetworkError) -> Bool { try pins.prepareAgain() }

    private func number(of namespace: borrowing NetworkNamespace) -> Int32? {
        namespace.descriptor.withRaw { try? host.namespaceNumber(of: $0) }
    }
}
