internal import Addressing
internal import Leasing

/// A range of a pool after the excludes, with the text that it comes from.
struct Remainder {
    let range: IPRange
    let item: RangeItem
    let pool: String
}

/// Reads and checks one pool.
struct PoolReader {
    /// The most entries of `ranges` and of `exclude`: the check compares each with each.
    static let mostEntries = 256

    let name: String
    let position: Position
    let surroundings: Host
    let section: Section<PoolKey>
    /// Of this pool alone.
    var problems: ProblemList
    var remainders: [Remainder] = []

    /// This machine's links; empty where they are not known.
    var host: [HostLink] { surroundings.links }

    init(_ name: String, at position: Position, section: Section<PoolKey>, host: Host, file: String) {
        self.name = name
        self.position = position
        self.section = section
        self.surroundings = host
        self.problems = ProblemList(file: file)
    }

    /// The pool, or nil where a problem keeps it from being one; every value is looked at in any case.
    mutating func read() -> Pool? {
        let ranges = readItems(.ranges, noun: "range")
        let excludes = readItems(.exclude, noun: "exclude")
        let networks = readNetworks(ranges: ranges ?? [])
        let parent = readParent(networks: networks)
        cut(excludes ?? [], from: ranges ?? [])
        for network in networks { checkRemainders(network) }
        let granting = networks.map { PoolNetwork($0, remainders) }
        if granting.count > 1 { checkPairs(granting[0].total, granting[1].total) }
        let mode: MacvlanMode? = section.word(of: .mode, fallback: .bridge, problems: &problems)
        let exhaustion: ExhaustionPolicy? = section.word(of: .exhaustion, fallback: .share, problems: &problems)
        let leftovers: LeftoversPolicy? = section.word(of: .leftovers, fallback: .wait, problems: &problems)
        let hold =
            section.position(of: .hold) == nil
            ? .seconds(10) : section.text(of: .hold, problems: &problems).flatMap { readHold($0, problems: &problems) }
        let order: AllocationOrder? = section.word(of: .order, fallback: .longestFree, problems: &problems)
        let mtu = readMTU(parent: parent)
        let routes = readRoutes(networks: networks)
        let nameServers = readNameServers(networks: networks, routes: routes)
        let preparation = readPreparation()
        guard !networks.isEmpty, let parent, let mode, let exhaustion, let leftovers, let hold, let order else {
            return nil
        }
        return Pool(
            name: name, networks: granting, parent: parent, macvlanMode: mode,
            hold: hold, exhaustion: exhaustion, leftovers: leftovers, order: order, mtuBytes: mtu, routes: routes,
            nameServers: nameServers, preparation: preparation)
    }

    /// The list of `key`, nil where it is not given or no list; `ranges` must be given.
    private mutating func readItems(_ key: PoolKey, noun: String) -> [RangeItem]? {
        guard let keyPosition = section.position(of: key) else {
            if key == .ranges { reportMissing(.ranges) }
            return nil
        }
        guard let elements = section.list(of: key, problems: &problems) else { return nil }
        if key == .ranges && elements.isEmpty {
            problems.error(keyPosition, "'ranges' is empty (for example '\(key.example)')")
        }
        guard elements.count <= Self.mostEntries else {
            problems.error(
                keyPosition, "'\(key.rawValue)' has \(elements.count) entries (\(Self.mostEntries) are the most)")
            return nil
        }
        return elements.compactMap { readItem($0, noun: noun) }
    }

    private mutating func readItem(_ element: YAMLValue, noun: String) -> RangeItem? {
        guard case .scalar(let text, _) = element.content, !element.isNull else {
            let example = "(for example '10.1.0.10-10.1.0.250' or '10.1.0.252')"
            problems.error(element.position, "\(noun) must be a text, found \(element.found) \(example)")
            return nil
        }
        do {
            return RangeItem(range: try readRange(text, noun: noun), position: element.position)
        } catch {
            problems.error(element.position, error.reason)
            return nil
        }
    }

    mutating func reportMissing(_ key: PoolKey) {
        problems.error(position, "pool '\(name)' has no '\(key.rawValue)' (for example '\(key.example)')")
    }

    /// Fills `remainders`; warns of excludes that exclude nothing.
    private mutating func cut(_ excludes: [RangeItem], from ranges: [RangeItem]) {
        remainders = ranges.flatMap { item in
            excludes.reduce([item.range]) { rest, exclude in rest.flatMap { $0.removing(exclude.range) } }
                .map { Remainder(range: $0, item: item, pool: name) }
        }
        for exclude in excludes where !ranges.contains(where: { $0.range.overlaps(exclude.range) }) {
            problems.warning(exclude.position, "exclude '\(exclude.range)' excludes nothing from the ranges")
        }
        guard remainders.isEmpty, !ranges.isEmpty, let keyPosition = section.position(of: .exclude) else { return }
        problems.error(keyPosition, "the excludes leave no address in pool '\(name)'")
    }
}

extension PoolNetwork {
    fileprivate init(_ network: NetworkItem, _ remainders: [Remainder]) {
        let ranges = remainders.map(\.range).filter { $0.first.family == network.family }
        self.init(
            ranges: ranges.sorted { $0.first < $1.first }, prefixLength: network.prefix.length,
            gateway: network.gateway)
    }
}
