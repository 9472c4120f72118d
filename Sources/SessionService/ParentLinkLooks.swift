internal import Addressing
internal import Glibc
internal import LinuxSystem
internal import Logging
internal import Netlink

/// Shares one look at a parent link among all who want one at the same time.
///
/// Whoever asks while a look is under way gets the next one: what it sees must not be older than the question.
struct ParentLinkLooks {
    /// Nil where the kernel did not tell.
    typealias Look = Task<Set<MACAddress>?, Never>

    var current: [String: Look] = [:]
    var next: [String: Look] = [:]
}

extension SessionService {
    /// Whether a link with that MAC address is on that parent link, in whichever namespace, not longer ago than this call.
    ///
    /// No where the kernel does not tell, or there is no such parent link.
    func isLinked(_ mac: MACAddress, to parent: String) async -> Bool {
        if let next = looks.next[parent] { return await next.value?.contains(mac) ?? false }
        let previous = looks.current[parent]
        let look = Task(executorPreference: loop) { await self.look(at: parent, after: previous) }
        looks.next[parent] = look
        return await look.value?.contains(mac) ?? false
    }

    private func look(at parent: String, after previous: ParentLinkLooks.Look?) async -> Set<MACAddress>? {
        _ = await previous?.value
        // From here on a new caller needs a new look.
        let own = looks.next.removeValue(forKey: parent)
        looks.current[parent] = own
        defer { if looks.current[parent] == own { looks.current[parent] = nil } }
        do throws(NetlinkError) {
            return try await Self.macAddresses(on: parent)
        } catch {
            logger.warning("cannot look at a parent link", metadata: ["parent": "\(parent)", "error": "\(error)"])
            return nil
        }
    }

    /// The kernel answers when it is done with the links that it is taking down: that is waited for elsewhere.
    @concurrent private static func macAddresses(on parent: String) async throws(NetlinkError) -> Set<MACAddress> {
        let index = unsafe if_nametoindex(parent)
        guard index != 0 else { return [] }
        let socket: NetlinkSocket
        do throws(Errno) {
            socket = try NetlinkSocket()
        } catch {
            throw NetlinkError(operation: "open a netlink socket", errno: error)
        }
        return try socket.macAddresses(onLink: Int32(bitPattern: index))
    }
}
