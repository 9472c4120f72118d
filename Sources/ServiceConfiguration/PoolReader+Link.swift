internal import Addressing

extension PoolReader {
    /// What a session's packets may have in octets: IPv4's least (RFC 791) to the most that its header can say.
    private static let mtuRange = 68...65_535
    /// The most routes of a pool.
    static let mostRoutes = 64

    /// The MTU; nil where none is given or it is wrong.
    mutating func readMTU(parent: String?) -> Int? {
        guard let located = section.text(of: .mtu, problems: &problems) else { return nil }
        guard let bytes = Int(located.text), String(bytes) == located.text, Self.mtuRange.contains(bytes) else {
            problems.error(
                located.position,
                "mtu \(quoted(located.text)) is not a number of octets from 68 to 65535 (for example '\(PoolKey.mtu.example)')"
            )
            return nil
        }
        if let link = host.first(where: { $0.name == parent }), let most = link.mtuBytes, bytes > most {
            problems.warning(
                located.position, "mtu '\(bytes)' is above that of parent link '\(link.name)', which is \(most) now")
        }
        return bytes
    }

    /// The routes; those that are wrong are left out.
    mutating func readRoutes(networks: [NetworkItem]) -> [Route] {
        guard let keyPosition = section.position(of: .routes),
            let elements = section.list(of: .routes, problems: &problems)
        else { return [] }
        guard elements.count <= Self.mostRoutes else {
            problems.error(
                keyPosition, "'routes' has \(elements.count) entries (\(Self.mostRoutes) are the most)")
            return []
        }
        var routes: [Route] = []
        for element in elements {
            guard let (route, place) = readRoute(element, networks: networks) else { continue }
            if routes.contains(where: { $0.destination == route.destination }) {
                problems.error(place, "route to '\(route.destination)' is given twice")
            }
            routes.append(route)
        }
        return routes
    }

    private mutating func readRoute(_ element: YAMLValue, networks: [NetworkItem]) -> (Route, Position)? {
        guard case .mapping(let pairs) = element.content else {
            problems.error(
                element.position,
                "a route must be a mapping, found \(element.found) (for example '\(PoolKey.routes.example)')")
            return nil
        }
        let section = Section<RouteKey>(pairs, place: " in a route of pool '\(name)'", problems: &problems)
        for key in RouteKey.allCases where section.position(of: key) == nil {
            problems.error(element.position, "a route has no '\(key.rawValue)' (for example '\(key.example)')")
        }
        let to = section.text(of: .to, problems: &problems).flatMap { located in
            readDestination(located, networks: networks).map { ($0, located.position) }
        }
        let via = section.text(of: .via, problems: &problems).flatMap { readVia($0, networks: networks) }
        guard let to, let via else { return nil }
        guard to.0.address.family == via.family else {
            problems.error(to.1, "route to '\(to.0)' goes via '\(via)', which is of the other family")
            return nil
        }
        return (Route(to: to.0, via: via), to.1)
    }

    private mutating func readDestination(_ located: Located, networks: [NetworkItem]) -> IPPrefix? {
        let name = "destination \(quoted(located.text))"
        guard let prefix = IPPrefix(located.text) else {
            problems.error(located.position, "\(name) is not ADDRESS/LENGTH (for example '10.2.0.0/16')")
            return nil
        }
        let network = networks.first { $0.family == prefix.address.family }
        if network == nil, !networks.isEmpty {
            problems.error(
                located.position, "\(name) is \(prefix.address.family.name), and pool '\(self.name)' has no such prefix"
            )
        }
        guard prefix.address == prefix.first else {
            let right = "\(prefix.first)/\(prefix.length)"
            problems.error(located.position, "\(name) has host bits set (the network is '\(right)')")
            return nil
        }
        if prefix.length == 0 {
            problems.error(
                located.position,
                network?.gateway == nil
                    ? "\(name) is the default route (write '\(PoolKey.gateway.rawValue)' in place of it)"
                    : "\(name) is the default route, which the pool's 'gateway' is already")
        } else if prefix == network?.prefix {
            problems.error(located.position, "\(name) is the pool's own network, which needs no route")
        } else if ["127.0.0.0/8", "::1/128"].contains(where: { IPPrefix($0)?.range.overlaps(prefix.range) == true }) {
            problems.error(located.position, "\(name) holds loopback addresses, which are each session's own")
        }
        return prefix
    }

    private mutating func readVia(_ located: Located, networks: [NetworkItem]) -> IPAddress? {
        let name = "via \(quoted(located.text))"
        guard let via = IPAddress(located.text) else {
            problems.error(located.position, "\(name) is not an address (for example '10.1.0.3')")
            return nil
        }
        if let network = networks.first(where: { $0.family == via.family }) {
            check(neighbor: via, as: name, of: network.prefix, at: located.position)
        }
        return via
    }
}
