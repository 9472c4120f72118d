internal import Addressing
internal import CProtocol
internal import Netlink

/// The attributes of one address family: those of IPv4, and their twins of IPv6.
private struct FamilyAttributes {
    let address: vipns_attribute
    let prefixLength: vipns_attribute
    let gateway: vipns_attribute
    let routes: vipns_attribute

    init(_ family: IPAddress.Family) {
        switch family {
        case .ipv4:
            address = VIPNS_ATTR_ADDRESS
            prefixLength = VIPNS_ATTR_PREFIX_LENGTH
            gateway = VIPNS_ATTR_GATEWAY
            routes = VIPNS_ATTR_ROUTES
        case .ipv6:
            address = VIPNS_ATTR_ADDRESS6
            prefixLength = VIPNS_ATTR_PREFIX_LENGTH6
            gateway = VIPNS_ATTR_GATEWAY6
            routes = VIPNS_ATTR_ROUTES6
        }
    }
}

extension HelperMessage.Fields {
    /// The session's address of that family, nil where it has none; gateway and routes without it are left over.
    mutating func sessionAddress(_ family: IPAddress.Family) throws(HelperChannelError) -> SessionAddress? {
        let attributes = FamilyAttributes(family)
        guard let octets = optional(attributes.address) else { return nil }
        let address = try Self.address(octets, family)
        let length: UInt32 = try number(attributes.prefixLength)
        guard length <= family.bitWidth, let prefix = IPPrefix(address, length: Int(length)) else {
            throw .malformed("prefix length \(length)")
        }
        let gateway = try optional(attributes.gateway).map { (octets) throws(HelperChannelError) in
            try Self.address(octets, family)
        }
        return SessionAddress(prefix: prefix, gateway: gateway)
    }

    /// An address, and the MAC address of somebody on the LAN who has it.
    mutating func claim() throws(HelperChannelError) -> HelperAnswer {
        let address = try Self.address(try octets(VIPNS_ATTR_ADDRESS), .ipv4)
        guard let mac = MACAddress(octets: Array(try octets(VIPNS_ATTR_MAC))) else { throw .malformed("MAC address") }
        return .claimed(address, by: mac)
    }

    /// Entries of a destination, its length and a gateway.
    mutating func routes(_ family: IPAddress.Family) throws(HelperChannelError) -> [Route] {
        guard let payload = optional(FamilyAttributes(family).routes) else { return [] }
        let width = family.bitWidth / 8
        let size = 2 * width + 4
        guard payload.count % size == 0, (1...SessionLink.mostRoutes).contains(payload.count / size) else {
            throw .malformed("size of a list of routes")
        }
        return try stride(from: 0, to: payload.count, by: size).map { (start) throws(HelperChannelError) in
            let entry = payload.dropFirst(start).prefix(size)
            let destination = try Self.address(entry.prefix(width), family)
            guard let length = entry.number(at: width, UInt32.self), length <= family.bitWidth,
                let prefix = IPPrefix(destination, length: Int(length)), prefix.first == destination
            else { throw .malformed("destination of a route") }
            return Route(to: prefix, via: try Self.address(entry.suffix(width), family))
        }
    }

    private static func address(
        _ octets: ArraySlice<UInt8>, _ family: IPAddress.Family
    ) throws(HelperChannelError) -> IPAddress {
        guard octets.count * 8 == family.bitWidth, let address = IPAddress(octets: Array(octets)) else {
            throw .malformed("address of \(octets.count) octets")
        }
        return address
    }
}

extension NetlinkRequest {
    mutating func put(_ address: SessionAddress) {
        let attributes = FamilyAttributes(address.address.family)
        put(attributes.address.rawValue, octets: address.address.octets)
        put(attributes.prefixLength.rawValue, UInt32(address.prefix.length))
        if let gateway = address.gateway { put(attributes.gateway.rawValue, octets: gateway.octets) }
    }

    /// Those of the routes that belong to that family, told by their gateways.
    mutating func put(_ routes: [Route], of family: IPAddress.Family) {
        let entries = routes.filter { $0.gateway.family == family }.flatMap { route in
            let length = UInt32(route.destination.length)
            // In host order, as all numbers of the channel.
            let octets = stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: length >> UInt32($0)) }
            return route.destination.address.octets + octets + route.gateway.octets
        }
        if !entries.isEmpty { put(FamilyAttributes(family).routes.rawValue, octets: entries) }
    }
}
