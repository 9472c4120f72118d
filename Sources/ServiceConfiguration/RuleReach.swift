/// A rule with its place, and what it leaves for later ones.
struct RuleReach {
    let rule: LoginRule
    let number: Int
    let line: Int
    private let lists: [ListReach]

    init(_ rule: LoginRule, number: Int, line: Int) {
        self.rule = rule
        self.number = number
        self.line = line
        lists = [rule.services, rule.users, rule.groups, rule.ttys].map(ListReach.init)
    }

    /// Whether this rule, standing first, leaves nothing for `other`; false where that is not plain to see.
    func covers(_ other: LoginRule) -> Bool {
        zip(lists, [other.services, other.users, other.groups, other.ttys]).allSatisfy { $0.covers($1) }
            && (rule.remote.isEmpty || !other.remote.isEmpty && other.remote.allSatisfy(coversRemote))
    }

    private func coversRemote(_ other: RemotePattern) -> Bool { rule.remote.contains { $0.covers(other) } }
}

/// The patterns of one condition, sorted for the question whether they cover others.
private struct ListReach {
    private let known: Set<String>
    private let wide: [String]

    init(_ patterns: [String]) {
        known = Set(patterns)
        wide = patterns.filter(hasWildcard)
    }

    func covers(_ others: [String]) -> Bool {
        if known.isEmpty { return true }
        // No condition, or a wider one.
        if others.isEmpty { return false }
        if known.contains("*") { return true }
        return others.allSatisfy { other in
            known.contains(other) || !hasWildcard(other) && wide.contains { fits(other, $0) }
        }
    }
}
