internal import Addressing
internal import Leasing

extension ServiceConfiguration {
    /// Reads and checks a file's text, and reports all problems at once.
    ///
    /// `file` is what messages call it; `host` are this machine's links, empty where they are not known; `hostFirewall`
    /// is nil where nothing is known of it, and so is `hasIPv6`; `hasGroup` is nil where groups are not to be looked up.
    /// The firewalls that pools name are looked at, and must belong to `owner`.
    public static func parse(
        text: String, file: String, host: [HostLink], hostFirewall: HostFirewall? = nil, hasIPv6: Bool? = nil,
        owner: UInt32 = 0, hasGroup: ((String) -> Bool)? = nil
    ) -> ConfigurationReading {
        let host = Host(links: host, firewall: hostFirewall, hasIPv6: hasIPv6, owner: owner, hasGroup: hasGroup)
        var problems = ProblemList(file: file)
        guard let accepted = TextGuard.check(text, problems: &problems) else {
            return ConfigurationReading(nil, problems)
        }
        let value = YAMLValue.compose(accepted, problems: &problems)
        guard let value, !value.isNull else {
            if !problems.hasErrors { problems.error(.start, "the file is empty, \(poolNeeded)") }
            return ConfigurationReading(nil, problems)
        }
        return ConfigurationReading(read(value, host: host, problems: &problems), problems)
    }

    private static var poolNeeded: String { "at least one pool is needed (for example '\(TopKey.pools.example)')" }

    private static func read(
        _ value: YAMLValue, host: Host, problems: inout ProblemList
    ) -> ServiceConfiguration? {
        guard case .mapping(let pairs) = value.content else {
            problems.error(value.position, "the file must be a mapping, found \(value.found), \(poolNeeded)")
            return nil
        }
        let section = Section<TopKey>(pairs, place: "", problems: &problems)
        let operators = readOperators(section, host: host, problems: &problems)
        let historyKeep = readHistoryKeep(section, problems: &problems)
        guard section.position(of: .pools) != nil else {
            problems.error(value.position, poolNeeded)
            return nil
        }
        guard let entries = section.mapping(of: .pools, problems: &problems) else { return nil }
        if entries.isEmpty { problems.error(section.position(of: .pools) ?? .start, poolNeeded) }
        var pools: [Pool] = []
        var remainders: [Remainder] = []
        for (key, value) in entries {
            guard var reader = poolReader(key, value, host: host, problems: &problems) else { continue }
            if let pool = reader.read() { pools.append(pool) }
            remainders += reader.remainders
            problems.append(reader.problems)
        }
        checkOverlaps(remainders, problems: &problems)
        // By the keys: a pool with a mistake is no reason to call its name unknown.
        let rules = readRules(section, pools: entries.compactMap(\.key.text), problems: &problems)
        return ServiceConfiguration(
            pools: pools, operators: operators, historyKeep: historyKeep, loginRules: rules)
    }

    private static func poolReader(
        _ key: YAMLValue, _ value: YAMLValue, host: Host, problems: inout ProblemList
    ) -> PoolReader? {
        guard case .scalar(let name, _) = key.content else {
            problems.error(key.position, "a pool's name must be a text, found \(key.found)")
            return nil
        }
        if !isPoolName(name) {
            problems.error(
                key.position,
                "pool name \(quoted(name)) is not 1 to 31 characters of 'a-z', '0-9' and '-', beginning without '-'")
        }
        if name == noPool {
            problems.error(key.position, "pool name 'none' is what rules call no pool (give it another name)")
        }
        guard case .mapping(let pairs) = value.content else {
            problems.error(
                value.isNull ? key.position : value.position,
                "pool \(quoted(name)) must be a mapping, found \(value.found) "
                    + "(for example '{\(PoolKey.ranges.example), \(PoolKey.prefix.example)}')")
            return nil
        }
        // Below, the name stands in messages as it is: one that cannot is shown as it was above.
        let shown = isPoolName(name) ? name : String(quoted(name).dropFirst().dropLast())
        let section = Section<PoolKey>(pairs, place: " in pool '\(shown)'", problems: &problems)
        return PoolReader(shown, at: key.position, section: section, host: host, file: problems.file)
    }

    private static func isPoolName(_ name: String) -> Bool {
        let allowed = Set("abcdefghijklmnopqrstuvwxyz0123456789-".utf8)
        return (1...31).contains(name.utf8.count) && !name.hasPrefix("-") && name.utf8.allSatisfy(allowed.contains)
    }

    /// The group's name: what /etc/group can hold, and where groups can be looked up, of one that there is.
    private static func readOperators(
        _ section: Section<TopKey>, host: Host, problems: inout ProblemList
    ) -> String? {
        guard let located = section.text(of: .operators, problems: &problems) else { return nil }
        let isName =
            (1...64).contains(located.text.utf8.count)
            && located.text.unicodeScalars.allSatisfy {
                $0.value > 0x20 && $0.value != 0x7F && ![":", ",", "/"].contains($0)
            }
        guard isName else {
            problems.error(
                located.position,
                "operators \(quoted(located.text)) is not a group's name (for example '\(TopKey.operators.example)')")
            return nil
        }
        // An error: the service would not know whom to let in, and does not start.
        if host.hasGroup?(located.text) == false {
            problems.error(
                located.position,
                "there is no group \(quoted(located.text)) on this host (make it, or correct 'operators')")
            return nil
        }
        return located.text
    }
}
