internal import Addressing
internal import CProtocol
internal import Netlink

/// What pools ask for beyond addresses and routes: settings, firewall, MTU.
extension HelperMessage.Fields {
    /// What a namespace is to have before it has its link.
    mutating func preparation() throws(HelperChannelError) -> NamespacePreparation {
        let firewall = try optionalText(VIPNS_ATTR_FIREWALL)
        guard firewall.map(NamespacePreparation.isFirewallPath) ?? true else { throw .malformed("path of a firewall") }
        return NamespacePreparation(
            settings: try settings(), inherited: try inherited(), firewall: firewall,
            nameServers: try nameServers())
    }

    /// Both lists or none.
    private mutating func nameServers() throws(HelperChannelError) -> NameServerRedirection? {
        guard has(VIPNS_ATTR_ASKED) || has(VIPNS_ATTR_ANSWERING) else { return nil }
        return NameServerRedirection(
            asked: try addresses(VIPNS_ATTR_ASKED, atMost: NameServerRedirection.mostAsked),
            answering: try addresses(VIPNS_ATTR_ANSWERING, atMost: NameServerRedirection.mostAnswering))
    }

    /// Entries of 16 octets, one at least.
    private mutating func addresses(
        _ attribute: vipns_attribute, atMost most: Int
    ) throws(HelperChannelError) -> [IPAddress] {
        let payload = Array(try octets(attribute))
        guard payload.count % 16 == 0, (1...most).contains(payload.count / 16) else {
            throw .malformed("size of a list of name servers")
        }
        return try stride(from: 0, to: payload.count, by: 16).map { (start) throws(HelperChannelError) in
            guard let address = IPAddress(octets: Array(payload[start..<start + 16])) else {
                throw .malformed("address of a name server")
            }
            return address.unmapped
        }
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
}

extension NetlinkRequest {
    mutating func put(_ preparation: NamespacePreparation) {
        if let firewall = preparation.firewall { put(VIPNS_ATTR_FIREWALL.rawValue, firewall) }
        put(VIPNS_ATTR_SYSCTLS.rawValue, texts: preparation.settings.flatMap { [$0.name.description, $0.value] })
        put(VIPNS_ATTR_INHERIT.rawValue, texts: preparation.inherited.map(\.description))
        if let servers = preparation.nameServers {
            put(VIPNS_ATTR_ASKED.rawValue, octets: servers.asked.flatMap(\.mapped.octets))
            put(VIPNS_ATTR_ANSWERING.rawValue, octets: servers.answering.flatMap(\.mapped.octets))
        }
    }

    private mutating func put(_ attribute: UInt32, texts: [String]) {
        guard !texts.isEmpty else { return }
        put(attribute, octets: texts.flatMap { Array($0.utf8) + [0] })
    }
}
