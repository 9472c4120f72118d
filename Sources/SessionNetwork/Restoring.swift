internal import Addressing
internal import Glibc
internal import LinuxSystem
internal import Netlink

/// Brings a session's network up to what it should be, on a thread inside.
///
/// All of it is found out anew: the kernel is the only memory.
struct Restoring: Sendable {
    /// What should be there; nil for lo alone.
    let link: SessionLink?
    /// What a link that must be made is called until it is the session's.
    let identity: LinkIdentity
    /// The parent link now, or why there is none; only a link that must be made needs it.
    let parentIndex: Result<Int32, NetworkError>?
    /// An open descriptor of the host's namespace.
    let hostNamespace: Int32
    /// What the settings of a link that is made anew are written through.
    let sysctls: SessionSysctls
    /// Why nothing may be made; nil where it may.
    let refusal: NetworkError?

    /// What was made anew.
    struct Outcome: Sendable {
        var words: [String] = []
        var isLinkNew = false
    }

    /// What is missing, in the order in which it can be made.
    private struct Missing {
        var loopback = false
        /// The link's index, where it is there.
        var linkIndex: Int32?
        var isDown = false
        /// Addresses that are not there, or whose routes of the kernel's own are not: `isThere`.
        var addresses: [(prefix: IPPrefix, isThere: Bool)] = []
        var defaultGateways: [IPAddress] = []
        var routes: [Route] = []
        let isLinkWanted: Bool

        var words: [String] {
            var words: [String] = []
            if loopback { words.append("link 'lo' up") }
            if isLinkWanted, linkIndex == nil { return words + ["link '\(SessionNetworks.linkName)' with all it has"] }
            if isDown { words.append("link '\(SessionNetworks.linkName)' up") }
            words += addresses.map { $0.isThere ? "routes of address \($0.prefix)" : "address \($0.prefix)" }
            words += defaultGateways.map { "default route by \($0)" }
            return words + routes.map { "route to \($0)" }
        }
    }

    func perform() throws(NetworkError) -> Outcome {
        let socket: NetlinkSocket
        do throws(Errno) {
            socket = try NetlinkSocket()
        } catch {
            throw NetworkError("open a socket in a session's namespace", error)
        }
        let outcome: Result<Outcome, NetworkError>
        do throws(NetlinkError) {
            outcome = try perform(on: socket)
        } catch {
            throw NetworkError(error)
        }
        return try outcome.get()
    }

    private func perform(on socket: borrowing NetlinkSocket) throws(NetlinkError) -> Result<Outcome, NetworkError> {
        let missing = try look(on: socket) { $0.addresses.contains(where: \.isThere) }
        guard case .success(let first) = missing else { return missing.map { _ in Outcome() } }
        if first.words.isEmpty { return .success(Outcome()) }
        if let refusal { return .failure(refusal) }
        let isLinkNew = first.isLinkWanted && first.linkIndex == nil
        if isLinkNew, let failure = try make(on: socket) { return .failure(failure) }
        // What setting a link up brings along is not to be made twice: what is missing now is asked again.
        let second = isLinkNew ? try look(on: socket) : missing
        if case .success(let rest) = second { try complete(rest, on: socket) }
        let left = try look(on: socket) { !$0.words.isEmpty }
        guard case .success(let last) = left, last.words.isEmpty else {
            let words = (try? left.get().words) ?? []
            return .failure(
                NetworkError(
                    "make anew \(words.joined(separator: ", "))", .fileExists, hint: "something else is in its place"))
        }
        return .success(Outcome(words: first.words, isLinkNew: isLinkNew))
    }

    /// Looks, and for 50 ms at most again where `isEarly` says that it may be too early.
    ///
    /// The kernel adds the IPv6 routes of a link that has just come up a moment later, on a thread of its own.
    private func look(
        on socket: borrowing NetlinkSocket, while isEarly: (Missing) -> Bool
    ) throws(NetlinkError) -> Result<Missing, NetworkError> {
        var missing = try look(on: socket)
        for _ in 0..<10 {
            guard case .success(let some) = missing, isEarly(some) else { break }
            usleep(5000)
            missing = try look(on: socket)
        }
        return missing
    }

    private func look(on socket: borrowing NetlinkSocket) throws(NetlinkError) -> Result<Missing, NetworkError> {
        var missing = Missing(isLinkWanted: link != nil)
        let links = try socket.links()
        missing.loopback = links.first { $0.index == SessionNetworks.loopbackIndex }?.isUp == false
        guard let link else { return .success(missing) }
        guard let found = links.first(where: { $0.kind == "macvlan" && $0.mac == link.mac }) else {
            // A link with its MAC address changed still has the session's addresses: a second one must not get them, too.
            if let other = links.first(where: { $0.kind == "macvlan" }) {
                return .failure(
                    NetworkError(
                        sentence: "link '\(other.name)' has another MAC address than \(link.mac)", errno: .fileExists))
            }
            return .success(missing)
        }
        missing.linkIndex = found.index
        missing.isDown = !found.isUp
        compare(link, at: found.index, with: try socket.networkContents(), &missing)
        return .success(missing)
    }

    private func compare(_ link: SessionLink, at index: Int32, with contents: NetworkContents, _ missing: inout Missing)
    {
        func hasRoute(_ destination: IPPrefix, _ gateway: IPAddress?, isLocal: Bool = false) -> Bool {
            contents.routes.contains(
                .init(link: index, destination: destination, gateway: gateway, isLocal: isLocal))
        }
        for prefix in SessionNetworks.prefixes(of: link) {
            let isThere = contents.addresses.contains(.init(link: index, prefix: prefix))
            let own = IPPrefix(prefix.address, length: prefix.address.family.bitWidth)
            let network = IPPrefix(prefix.first, length: prefix.length)
            // The network of an address alone is the address itself.
            let isReached = prefix.length == prefix.address.family.bitWidth || network.map { hasRoute($0, nil) } ?? true
            guard !isThere || !missing.isDown && !(isReached && own.map { hasRoute($0, nil, isLocal: true) } ?? true)
            else { continue }
            missing.addresses.append((prefix, isThere))
        }
        for gateway in link.addresses.compactMap(\.gateway) {
            let all = IPPrefix(gateway.family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6: 0), length: 0)
            if let all, !hasRoute(all, gateway) { missing.defaultGateways.append(gateway) }
        }
        missing.routes = link.routes.filter { !hasRoute($0.destination, $0.gateway) }
    }

    /// Makes the link as it was made at first, up and without address.
    private func make(on socket: borrowing NetlinkSocket) throws(NetlinkError) -> NetworkError? {
        guard let link, let parentIndex else { return nil }
        let parent: Int32
        do throws(NetworkError) {
            parent = try parentIndex.get()
            if let six = link.addresses.first(where: { $0.address.family == .ipv6 }) {
                try sysctls.allowIPv6(for: six.address)
            }
        } catch {
            return error
        }
        var request = NetlinkRequest(capacity: 512)
        let known = try socket.namespaceNumber(of: hostNamespace)
        if known == nil { request.assignNumber(0, toNamespace: hostNamespace) }
        request.createMacvlan(link, identity, parentIndex: parent, parentNamespace: known ?? 0)
        do {
            try socket.perform(request)
        } catch {
            // One that could be made and not set up would be taken for the session's the next time.
            var removal = NetlinkRequest(capacity: 256)
            removal.deleteLink(index: identity.index)
            try? socket.perform(removal)
            throw error
        }
        return nil
    }

    private func complete(_ missing: Missing, on socket: borrowing NetlinkSocket) throws(NetlinkError) {
        var request = NetlinkRequest(capacity: 2048 + 80 * (link?.routes.count ?? 0))
        if missing.loopback { request.setLink(index: SessionNetworks.loopbackIndex, name: "lo", up: true) }
        if let index = missing.linkIndex, let link {
            let name = SessionNetworks.linkName
            if missing.isDown { request.setLink(index: index, name: name, up: true) }
            for address in missing.addresses {
                if address.isThere { request.removeAddress(address.prefix, linkIndex: index, linkName: name) }
                request.addAddress(address.prefix, linkIndex: index, linkName: name)
            }
            // With the last address of a family its routes go, too, and those that are there are no obstacle.
            let isAll = missing.isDown || !missing.addresses.isEmpty
            let gateways = isAll ? link.addresses.compactMap(\.gateway) : missing.defaultGateways
            for gateway in gateways { request.addDefaultRoute(gateway: gateway, linkIndex: index) }
            for route in isAll ? link.routes : missing.routes { request.addRoute(route, linkIndex: index) }
        }
        guard !request.purposes.isEmpty else { return }
        try socket.perform(request, accepting: [.fileExists])
    }
}
