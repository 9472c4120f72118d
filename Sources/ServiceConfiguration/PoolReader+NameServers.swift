internal import Addressing
internal import Leasing

extension PoolReader {
    /// The name servers; those that are wrong are left out.
    mutating func readNameServers(networks: [NetworkItem], routes: [Route]) -> [IPAddress] {
        guard let keyPosition = section.position(of: .dns), let texts = section.texts(of: .dns, problems: &problems)
        else { return [] }
        guard texts.count <= Pool.mostNameServers else {
            problems.error(
                keyPosition,
                "'dns' has \(texts.count) entries (\(Pool.mostNameServers) are the most, as resolv.conf(5) has it)")
            return []
        }
        if surroundings.firewall?.hasProgram == false {
            problems.warning(keyPosition, "'dns' needs 'nft', which is not installed (package nftables)")
        }
        var servers: [IPAddress] = []
        for located in texts {
            guard let server = IPAddress(located.text) else {
                problems.error(
                    located.position,
                    "dns \(quoted(located.text)) is not an address (for example '\(PoolKey.dns.example)')")
                continue
            }
            if servers.contains(server) { problems.error(located.position, "dns '\(server)' is given twice") }
            check(nameServer: server, networks: networks, routes: routes, at: located.position)
            servers.append(server)
        }
        return servers
    }

    private mutating func check(
        nameServer server: IPAddress, networks: [NetworkItem], routes: [Route], at place: Position
    ) {
        let name = "dns '\(server)'"
        if let special = SpecialNetwork.overlapping(IPRange(server)) {
            return problems.error(place, "\(name) is of '\(special.prefix)', \(special.meaning)")
        }
        guard let network = networks.first(where: { $0.family == server.family }) else {
            // Where no prefix is right, this is said already.
            if !networks.isEmpty {
                problems.error(place, "\(name) is \(server.family.name), and pool '\(self.name)' has no such prefix")
            }
            return
        }
        if let link = host.first(where: { $0.owns(server) }) {
            problems.warning(
                place, "\(name) is this host's own address on '\(link.name)', which sessions cannot reach")
        } else if network.gateway == nil, !network.prefix.contains(server),
            !routes.contains(where: { $0.destination.contains(server) })
        {
            problems.warning(
                place, "\(name) is not inside prefix '\(network.prefix)', and no gateway or route leads there")
        }
    }
}
