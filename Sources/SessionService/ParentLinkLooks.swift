internal import Addressing
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import Netlink

/// Looks at parent links, each shared by all who want one at the same time.
///
/// Whoever asks while a look is under way gets the next one: what it sees must not be older than the question. Belongs to
/// the service's actor.
struct ParentLinkLooks {
    typealias Asker = (mac: MACAddress, waiter: CheckedContinuation<Bool?, Never>)

    private var waiting: [String: [Asker]] = [:]
    private var underWay: Set<String> = []

    /// Adds one who asks for a MAC address on a parent link.
    ///
    /// - Returns: whether somebody must go and look.
    mutating func add(_ mac: MACAddress, on parent: String, _ waiter: CheckedContinuation<Bool?, Never>) -> Bool {
        waiting[parent, default: []].append((mac, waiter))
        return underWay.insert(parent).inserted
    }

    /// Whom the look that begins now is for; nil where it is for nobody, and there is none.
    mutating func begin(_ parent: String) -> [Asker]? {
        if let askers = waiting.removeValue(forKey: parent) { return askers }
        underWay.remove(parent)
        return nil
    }
}

extension SessionService {
    /// Whether a link with that MAC address is on that parent link, in whichever namespace, not longer ago than this call.
    ///
    /// No where there is no such parent link, nil where nobody can tell. Answers come in the order of the questions.
    func isLinked(_ mac: MACAddress, to parent: String) async -> Bool? {
        await withCheckedContinuation { waiter in
            guard looks.add(mac, on: parent, waiter) else { return }
            Task(executorPreference: loop) { await self.look(at: parent) }
        }
    }

    private func look(at parent: String) async {
        while let askers = looks.begin(parent) {
            var found: Set<MACAddress>?
            do throws(NetlinkError) {
                found = try await Self.macAddresses(on: parent)
            } catch {
                logger.warning("cannot look at a parent link", metadata: ["parent": "\(parent)", "error": "\(error)"])
            }
            for asker in askers { asker.waiter.resume(returning: found?.contains(asker.mac)) }
        }
    }

    /// The kernel answers when it is done with the links that it is taking down: that is waited for elsewhere.
    private static func macAddresses(on parent: String) async throws(NetlinkError) -> Set<MACAddress> {
        let found = await onDetachedThread { () -> Result<Set<MACAddress>, NetlinkError> in
            Result { () throws(NetlinkError) in try readMACAddresses(on: parent) }
        }
        guard let found else { throw NetlinkError(operation: "start a thread", errno: .wouldBlock) }
        return try found.get()
    }

    private static func readMACAddresses(on parent: String) throws(NetlinkError) -> Set<MACAddress> {
        let index = unsafe if_nametoindex(parent)
        if index == 0 {
            let failure = Errno.current
            if failure == .noSuchDevice { return [] }
            throw NetlinkError(operation: "find link '\(parent)'", errno: failure)
        }
        let socket: NetlinkSocket
        do throws(Errno) {
            socket = try NetlinkSocket()
        } catch {
            throw NetlinkError(operation: "open a netlink socket", errno: error)
        }
        return try socket.macAddresses(onLink: Int32(bitPattern: index))
    }
}
