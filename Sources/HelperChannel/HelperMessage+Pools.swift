internal import Addressing
internal import CProtocol
internal import Netlink

/// What pools ask for beyond an address: settings, firewall, MTU, routes.
extension HelperMessage.Fields {
    /// What a namespace is to have before it has its link.
    mutating func preparation() throws(HelperChannelError) -> NamespacePreparation {
        let firewall = try optionalText(VIPNS_ATTR_FIREWALL)
        guard firewall.map(NamespacePreparation.isFirewallPath) ?? true else { throw .malformed("path of a firewall") }
        return NamespacePreparation(settings: try settings(), inherited: try inherited(), firewall: firewall)
    }

    private mutating func settings() throws(HelperChannelError) -> [NetworkSetting] {
        let texts = try texts(VIPNS_ATTR_SYSCTLS)
        guard texts.count % 2 == 0, texts.count / 2 <= NamespacePreparation.mostSettings else {
            throw .malformed("number of settings")
        }
        var settings: [NetworkSetting] = []
        for index in stride(from: 0, to: texts.count, by: 2) {
            guard let name = NetworkSettingName(texts[index]), let setting = NetworkSetting(name, texts[index + 1])
            else {
                throw .malformed("setting")
            }
            settings.append(setting)
        }
        return settings
    }

    private mutating func inherited() throws(HelperChannelError) -> [NetworkSettingName] {
        let names = try texts(VIPNS_ATTR_INHERIT).map { (text) throws(HelperChannelError) in
            guard let name = NetworkSettingName(text) else { throw .malformed("name of a setting") }
            return name
        }
        guard names.count <= NamespacePreparation.mostSettings else { throw .malformed("number of inherited settings") }
        return names
    }

    /// Strings, each closed by a NUL; none where the attribute is missing, one at least where it is there.
    private mutating func texts(_ attribute: vipns_attribute) throws(HelperChannelError) -> [String] {
        guard let payload = optional(attribute) else { return [] }
        guard payload.last == 0 else { throw .malformed("texts of attribute \(attribute.rawValue)") }
        return try payload.dropLast().split(separator: 0, omittingEmptySubsequences: false).map {
            (octets) throws(HelperChannelError) in
            guard let text = String(validating: octets, as: UTF8.self) else {
                throw .malformed("texts of attribute \(attribute.rawValue)")
            }
            return text
        }
    }

    mutating func mtu() throws(HelperChannelError) -> Int? {
        guard has(VIPNS_ATTR_MTU) else { return nil }
        let bytes: UInt32 = try number(VIPNS_ATTR_MTU)
        guard SessionLink.mtuRange.contains(Int(bytes)) else { throw .malformed("MTU \(bytes)") }
        return Int(bytes)
    }

    mutating func routes() throws(HelperChannelError) -> [Route] {
        guard let payload = optional(VIPNS_ATTR_ROUTES) else { return [] }
        guard payload.count % 12 == 0, (1...SessionLink.mostRoutes).contains(payload.count / 12) else {
            throw .malformed("size of a list of routes")
        }
        return try stride(from: payload.startIndex, to: payload.endIndex, by: 12).map {
            (start) throws(HelperChannelError) in
            let destination = try ipv4(payload[start..<start + 4])
            guard let length = payload.number(at: start - payload.startIndex + 4, UInt32.self), length <= 32,
                let prefix = IPPrefix(destination, length: Int(length)), prefix.first == destination
            else { throw .malformed("destination of a route") }
            return Route(to: prefix, via: try ipv4(payload[start + 8..<start + 12]))
        }
    }
}

extension NetlinkRequest {
    mutating func put(_ preparation: NamespacePreparation) {
        if let firewall = preparation.firewall { put(VIPNS_ATTR_FIREWALL.rawValue, firewall) }
        put(VIPNS_ATTR_SYSCTLS.rawValue, texts: preparation.settings.flatMap { [$0.name.description, $0.value] })
        put(VIPNS_ATTR_INHERIT.rawValue, texts: preparation.inherited.map(\.description))
    }

    private mutating func put(_ attribute: UInt32, texts: [String]) {
        guard !texts.isEmpty else { return }
        put(attribute, octets: texts.flatMap { Array($0.utf8) + [0] })
    }

    mutating func put(_ routes: [Route]) {
        let entries = routes.flatMap { route in
            let length = UInt32(route.destination.length)
            // In host order, as all numbers of the channel.
            let octets = stride(from: 0, to: 32, by: 8).map { UInt8(truncatingIfNeeded: length >> UInt32($0)) }
            return route.destination.address.octets + octets + route.gateway.octets
        }
        put(VIPNS_ATTR_ROUTES.rawValue, octets: entries)
    }
}
