extension ServiceConfiguration {
    /// What rules call the pool of a login that is left alone; no pool may be named so.
    static let noPool = "none"

    /// Reads the rules for logins; nil where the file has none, or they have a problem.
    static func readRules(
        _ section: Section<TopKey>, pools: [String], problems: inout ProblemList
    ) -> LoginRules? {
        guard let keyPosition = section.position(of: .rules),
            let elements = section.list(of: .rules, problems: &problems)
        else { return nil }
        guard !elements.isEmpty else {
            problems.error(keyPosition, "'rules' is empty (for example '\(TopKey.rules.example)')")
            return nil
        }
        guard elements.count <= RuleReader.most else {
            problems.error(keyPosition, "'rules' has \(elements.count) entries (\(RuleReader.most) are the most)")
            return nil
        }
        var rules: [RuleReach] = []
        for (index, element) in elements.enumerated() {
            guard let rule = readRule(element, number: index + 1, pools: pools, problems: &problems) else { continue }
            let next = RuleReach(rule, number: index + 1, line: element.position.line)
            if let earlier = rules.first(where: { $0.covers(rule) }) {
                problems.warning(
                    element.position,
                    "rule \(next.number) never comes to its turn: rule \(earlier.number) in line \(earlier.line) takes all "
                        + "of its logins")
            }
            rules.append(next)
        }
        return LoginRules(rules.map(\.rule))
    }

    private static func readRule(
        _ element: YAMLValue, number: Int, pools: [String], problems: inout ProblemList
    ) -> LoginRule? {
        guard case .mapping(let pairs) = element.content else {
            problems.error(
                element.position,
                "rule \(number) must be a mapping, found \(element.found) "
                    + "(for example '{\(RuleKey.users.example), \(RuleKey.pool.example)}')")
            return nil
        }
        let name = "rule \(number)"
        let section = Section<RuleKey>(pairs, place: " in \(name)", problems: &problems)
        var reader = RuleReader(
            name: name, position: element.position, section: section, pools: pools,
            problems: ProblemList(file: problems.file))
        let rule = reader.read()
        problems.append(reader.problems)
        return rule
    }
}
