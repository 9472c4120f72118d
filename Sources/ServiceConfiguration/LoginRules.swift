/// Which logins get what: the first rule that matches a login decides; one that none matches is left alone.
public struct LoginRules: Hashable, Sendable {
    /// The rules in the order of the file.
    public let rules: [LoginRule]

    /// Makes rules from parts that were checked.
    public init(_ rules: [LoginRule]) { self.rules = rules }

    /// What holds where the file says nothing of rules: the usual logins get a session from `pool`.
    public static func standard(pool: String) -> LoginRules { LoginRules([LoginRule(target: .pool(pool))]) }

    /// Whether any rule names users.
    public var namesUsers: Bool { rules.contains { !$0.users.isEmpty } }

    /// The first rule that matches `login`; nil where none does.
    ///
    /// `groups` gives the names of all groups of the login's user. It is asked once at most, and only where a rule that
    /// matches in all else names groups: finding them may mean to ask a directory server.
    public func first<Failure: Error>(
        matching login: Login, groups: () throws(Failure) -> Set<String>
    ) throws(Failure) -> LoginRule? {
        var known: Set<String>?
        for rule in rules where rule.matchesBesideGroups(login) {
            if rule.groups.isEmpty { return rule }
            let names = if let known { known } else { try groups() }
            known = names
            if rule.matches(groups: names) { return rule }
        }
        return nil
    }
}
