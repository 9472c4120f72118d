/// The keys of one kind of mapping, each with the example that messages show.
protocol ConfigurationKey: RawRepresentable<String>, CaseIterable, Hashable {
    /// A line as an administrator would write it.
    var example: String { get }
}

/// The keys at the top of the file.
enum TopKey: String, ConfigurationKey {
    case operators
    case history
    case pools
    case rules

    var example: String {
        switch self {
        case .operators: "operators: vipns-operators"
        case .history: "history: {keep: 365d}"
        case .pools: "pools: {lab: {ranges: [10.1.0.10-10.1.0.250], prefix: 10.1.0.0/24}}"
        case .rules: "rules: [{users: [root], pool: none}, {pool: lab}]"
        }
    }
}

/// The keys of the history.
enum HistoryKey: String, ConfigurationKey {
    case keep

    var example: String {
        switch self {
        case .keep: "keep: 365d"
        }
    }
}

/// The keys of a pool.
enum PoolKey: String, ConfigurationKey {
    case ranges
    case exclude
    case prefix
    case gateway
    case parent
    case mode
    case hold
    case exhaustion
    case leftovers
    case order
    case mtu
    case routes
    case dns
    case lowPorts = "low_ports"
    case sysctls
    case inherit
    case firewall

    var example: String {
        switch self {
        case .ranges: "ranges: [10.1.0.10-10.1.0.250]"
        case .exclude: "exclude: [10.1.0.100]"
        case .prefix: "prefix: 10.1.0.0/24"
        case .gateway: "gateway: 10.1.0.1"
        case .parent: "parent: eth1"
        case .mode: "mode: bridge"
        case .hold: "hold: 30s"
        case .exhaustion: "exhaustion: share"
        case .leftovers: "leftovers: wait"
        case .order: "order: longest-free"
        case .mtu: "mtu: 1400"
        case .routes: "routes: [{to: 10.2.0.0/16, via: 10.1.0.3}]"
        case .dns: "dns: [10.1.0.53]"
        case .lowPorts: "low_ports: yes"
        case .sysctls: "sysctls: {net.ipv4.tcp_keepalive_time: 600}"
        case .inherit: "inherit: [net.ipv4.ip_local_port_range]"
        case .firewall: "firewall: /etc/vipns/lab.nft"
        }
    }
}

/// The keys of a route.
enum RouteKey: String, ConfigurationKey {
    case to
    case via

    var example: String {
        switch self {
        case .to: "to: 10.2.0.0/16"
        case .via: "via: 10.1.0.3"
        }
    }
}

/// The keys of a rule.
enum RuleKey: String, ConfigurationKey {
    case services
    case users
    case groups
    case ttys
    case remote
    case pool
    case scope
    case nested

    var example: String {
        switch self {
        case .services: "services: [sshd, xrdp-sesman]"
        case .users: "users: [alice, 'test-*']"
        case .groups: "groups: [agents]"
        case .ttys: "ttys: [tty1, 'tty?']"
        case .remote: "remote: [192.0.2.0/24, 10.1.0.7, '*.example.com']"
        case .pool: "pool: lab"
        case .scope: "scope: user"
        case .nested: "nested: keep"
        }
    }
}

/// A text of the file with its place.
struct Located {
    let text: String
    let position: Position
}

/// A mapping whose keys are known: reports unknown keys and values of a wrong type.
struct Section<Key: ConfigurationKey> {
    private var entries: [Key: (key: Position, value: YAMLValue)] = [:]

    /// Sorts `pairs` by key; `place` ends the message about an unknown one, such as ` in pool 'lab'`.
    init(_ pairs: [(key: YAMLValue, value: YAMLValue)], place: String, problems: inout ProblemList) {
        for (key, value) in pairs {
            guard case .scalar(let name, _) = key.content else {
                problems.error(key.position, "a key must be a text, found \(key.found)")
                continue
            }
            if let known = Key(rawValue: name) {
                entries[known] = (key.position, value)
                continue
            }
            let nearest = nearestName(to: name, among: Key.allCases.map(\.rawValue)) ?? ""
            problems.error(
                key.position, "unknown key \(quoted(name))\(place) (the nearest known key is '\(nearest)')")
        }
    }

    /// Where the key itself stands; nil where it is not given.
    func position(of key: Key) -> Position? { entries[key]?.key }

    /// The value of a key that is given and has one.
    func value(of key: Key, problems: inout ProblemList) -> YAMLValue? {
        guard let entry = entries[key] else { return nil }
        guard !entry.value.isNull else {
            problems.error(entry.key, "'\(key.rawValue)' has no value (for example '\(key.example)')")
            return nil
        }
        return entry.value
    }

    /// The text of a key that is given; anything else than a text is reported.
    func text(of key: Key, problems: inout ProblemList) -> Located? {
        guard let value = value(of: key, problems: &problems) else { return nil }
        guard case .scalar(let text, _) = value.content else {
            problems.error(value.position, mismatch(key, "a text", value))
            return nil
        }
        return Located(text: text, position: value.position)
    }

    /// The texts of a key that is given: a list of them, or one alone.
    func texts(of key: Key, problems: inout ProblemList) -> [Located]? {
        guard let value = value(of: key, problems: &problems) else { return nil }
        switch value.content {
        case .scalar(let text, _): return [Located(text: text, position: value.position)]
        case .mapping:
            problems.error(value.position, mismatch(key, "a text or a list of texts", value))
            return nil
        case .list(let elements):
            guard !elements.isEmpty else {
                problems.error(value.position, "'\(key.rawValue)' is empty (for example '\(key.example)')")
                return nil
            }
            return elements.compactMap { element in
                guard case .scalar(let text, _) = element.content, !element.isNull else {
                    problems.error(element.position, mismatch(key, "a text or a list of texts", element))
                    return nil
                }
                return Located(text: text, position: element.position)
            }
        }
    }

    /// The elements of a key that is given; anything else than a list is reported.
    func list(of key: Key, problems: inout ProblemList) -> [YAMLValue]? {
        guard let value = value(of: key, problems: &problems) else { return nil }
        guard case .list(let elements) = value.content else {
            problems.error(value.position, mismatch(key, "a list", value))
            return nil
        }
        return elements
    }

    /// The pairs of a key that is given; anything else than a mapping is reported.
    func mapping(of key: Key, problems: inout ProblemList) -> [(key: YAMLValue, value: YAMLValue)]? {
        guard let value = value(of: key, problems: &problems) else { return nil }
        guard case .mapping(let pairs) = value.content else {
            problems.error(value.position, mismatch(key, "a mapping", value))
            return nil
        }
        return pairs
    }

    private func mismatch(_ key: Key, _ expected: String, _ value: YAMLValue) -> String {
        "'\(key.rawValue)' must be \(expected), found \(value.found) (for example '\(key.example)')"
    }
}
