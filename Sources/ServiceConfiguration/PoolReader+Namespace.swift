internal import Addressing
internal import Glibc

/// YAML's words for a switch; its others (true, on) are not taken, so that files look alike.
enum Switch: String, CaseIterable {
    case yes
    case no
}

extension PoolReader {
    /// What a session's namespace gets before it has its link; what is wrong is left out.
    mutating func readPreparation() -> NamespacePreparation {
        var settings = readSettings()
        let inherited = readInherited(settings)
        let lowPorts: Switch? = section.word(of: .lowPorts, fallback: .no, problems: &problems)
        if lowPorts == .yes, let setting = Self.everyPort {
            settings.append(setting)
        }
        return NamespacePreparation(settings: settings, inherited: inherited, firewall: readFirewall())
    }

    /// The first port that needs no privilege; ip(7).
    private static let firstFreePort = "net.ipv4.ip_unprivileged_port_start"
    private static var everyPort: NetworkSetting? {
        NetworkSettingName(firstFreePort).flatMap { NetworkSetting($0, "0") }
    }

    private mutating func readSettings() -> [NetworkSetting] {
        guard let keyPosition = section.position(of: .sysctls),
            let pairs = section.mapping(of: .sysctls, problems: &problems)
        else { return [] }
        // One is left for 'low_ports'.
        guard pairs.count < NamespacePreparation.mostSettings else {
            reportTooMany(.sysctls, pairs.count, keyPosition)
            return []
        }
        return pairs.compactMap { key, value in
            guard let name = readSettingName(key, in: .sysctls) else { return nil }
            guard case .scalar(let text, _) = value.content, !value.isNull else {
                problems.error(
                    value.isNull ? key.position : value.position,
                    "the value of '\(name)' must be a text, found \(value.found) (for example '\(PoolKey.sysctls.example)')"
                )
                return nil
            }
            guard let setting = NetworkSetting(name, text) else {
                problems.error(
                    value.position,
                    "the value of '\(name)' is not 1 to \(NetworkSetting.longestValue) printable ASCII characters")
                return nil
            }
            return setting
        }
    }

    private mutating func readInherited(_ settings: [NetworkSetting]) -> [NetworkSettingName] {
        guard let keyPosition = section.position(of: .inherit),
            let elements = section.list(of: .inherit, problems: &problems)
        else { return [] }
        guard elements.count <= NamespacePreparation.mostSettings else {
            reportTooMany(.inherit, elements.count, keyPosition)
            return []
        }
        var names: [NetworkSettingName] = []
        for element in elements {
            guard let name = readSettingName(element, in: .inherit) else { continue }
            if settings.contains(where: { $0.name == name }) {
                problems.error(element.position, "'\(name)' is in 'sysctls' too (leave one of them out)")
            } else if names.contains(name) {
                problems.error(element.position, "'\(name)' is given twice")
            }
            names.append(name)
        }
        return names
    }

    private mutating func reportTooMany(_ key: PoolKey, _ count: Int, _ place: Position) {
        let most = NamespacePreparation.mostSettings - (key == .sysctls ? 1 : 0)
        problems.error(place, "'\(key.rawValue)' has \(count) entries (\(most) are the most)")
    }

    private mutating func readSettingName(_ value: YAMLValue, in key: PoolKey) -> NetworkSettingName? {
        guard let text = value.text, !value.isNull else {
            problems.error(
                value.position,
                "the name of a sysctl must be a text, found \(value.found) (for example '\(key.example)')")
            return nil
        }
        guard let name = NetworkSettingName(text) else {
            problems.error(
                value.position,
                "sysctl \(quoted(text)) is not a setting of network namespaces, 'net.' and words with dots between them "
                    + "(for example '\(key.example)')")
            return nil
        }
        if let reason = reasonAgainst(name) {
            problems.error(value.position, "sysctl \(quoted(text)) \(reason)")
            return nil
        }
        if !host.isEmpty, unsafe access(name.path, F_OK) != 0, errno == ENOENT {
            problems.warning(value.position, "sysctl \(quoted(text)) does not exist on this host now")
        }
        return name
    }

    /// Why a setting is not a pool's to make, in words that follow its name.
    private func reasonAgainst(_ name: NetworkSettingName) -> String? {
        let text = name.description
        if text.split(separator: ".").contains("eth0") {
            return "is of the link 'eth0', which is made later (write 'default' in place of 'eth0')"
        }
        if name.isOfEverySession {
            return "is set in every session, so that it has its own addresses and no others"
        }
        if text == Self.firstFreePort, section.position(of: .lowPorts) != nil {
            return "is what 'low_ports' sets (leave one of them out)"
        }
        return nil
    }

    private mutating func readFirewall() -> String? {
        guard section.position(of: .firewall) != nil else {
            if surroundings.firewall?.hasRules == true {
                problems.warning(
                    position,
                    "pool '\(name)' has no 'firewall', and this host has rules that sessions' traffic does not pass "
                        + "(for example '\(PoolKey.firewall.example)')")
            }
            return nil
        }
        guard let located = section.text(of: .firewall, problems: &problems) else { return nil }
        guard NamespacePreparation.isFirewallPath(located.text) else {
            problems.error(
                located.position,
                "firewall \(quoted(located.text)) is not an absolute path (for example '\(PoolKey.firewall.example)')")
            return nil
        }
        if let reason = FirewallFile.distrust(located.text, owner: surroundings.owner) {
            problems.error(located.position, "firewall \(reason)")
        }
        if surroundings.firewall?.hasProgram == false {
            problems.warning(
                located.position,
                "firewall \(quoted(located.text)) needs 'nft', which is not installed (package nftables)")
        }
        return located.text
    }
}
