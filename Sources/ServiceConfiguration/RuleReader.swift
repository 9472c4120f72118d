internal import Addressing
internal import Leasing

/// Reads and checks one rule for logins.
struct RuleReader {
    /// The most rules, and the most entries of a rule's list: each is compared with each.
    static let most = 256

    /// As messages call it: `rule 2`.
    let name: String
    let position: Position
    let section: Section<RuleKey>
    let pools: [String]
    /// Of this rule alone.
    var problems: ProblemList

    /// The rule, or nil where a problem keeps it from being one; every value is looked at in any case.
    mutating func read() -> LoginRule? {
        let services = readList(.services, readService)
        let users = readList(.users, readPerson)
        let groups = readList(.groups, readPerson)
        let ttys = readList(.ttys, readTTY)
        let remote = readList(.remote, readRemote)
        let target = readTarget()
        let scope: SessionScope? = section.word(of: .scope, fallback: .session, problems: &problems)
        let nested: NestedPolicy? = section.word(of: .nested, fallback: .keep, problems: &problems)
        if target == LoginRule.Target.none { reportMeaningless(nested: nested) }
        guard let services, let users, let groups, let ttys, let remote, let target, let scope, let nested else {
            return nil
        }
        // "No session for root" means all that root does.
        let unnamed = target == LoginRule.Target.none ? ["*"] : LoginRule.usualServices
        return LoginRule(
            services: services.isEmpty ? unnamed : services, users: users, groups: groups, ttys: ttys,
            remote: remote, target: target, scope: scope, nested: nested)
    }

    private mutating func readTarget() -> LoginRule.Target? {
        guard section.position(of: .pool) != nil else {
            problems.error(
                position,
                "\(name) has no 'pool' (for example 'pool: \(pools.first ?? "lab")', or 'pool: none')")
            return nil
        }
        guard let located = section.text(of: .pool, problems: &problems) else { return nil }
        if located.text == ServiceConfiguration.noPool { return LoginRule.Target.none }
        guard pools.contains(located.text) else {
            let nearest =
                nearestName(to: located.text, among: pools + [ServiceConfiguration.noPool])
                ?? ServiceConfiguration.noPool
            problems.error(
                located.position, "pool \(quoted(located.text)) is not one of 'pools' (the nearest is '\(nearest)')")
            return nil
        }
        return .pool(located.text)
    }

    /// What the rule says of a session that it does not give.
    private mutating func reportMeaningless(nested: NestedPolicy?) {
        if let place = section.position(of: .scope) {
            problems.error(place, "'scope' means nothing with 'pool: none', which gives no session (leave it out)")
        }
        if let place = section.position(of: .nested), nested == .own {
            problems.error(
                place, "'nested: own' means nothing with 'pool: none', which gives no session (keep or host would)")
        }
    }

    /// The list of `key`, empty where it is not given, nil where it or one of its elements is wrong.
    private mutating func readList<Element>(
        _ key: RuleKey, _ read: (String) throws(RuleTextError) -> Element
    ) -> [Element]? {
        guard let keyPosition = section.position(of: key) else { return [] }
        guard let elements = section.list(of: key, problems: &problems) else { return nil }
        if elements.isEmpty {
            problems.error(keyPosition, "'\(key.rawValue)' is empty (for example '\(key.example)')")
            return nil
        }
        guard elements.count <= Self.most else {
            problems.error(keyPosition, "'\(key.rawValue)' has \(elements.count) entries (\(Self.most) are the most)")
            return nil
        }
        var values: [Element] = []
        for element in elements {
            guard case .scalar(let text, _) = element.content, !element.isNull else {
                problems.error(
                    element.position,
                    "'\(key.rawValue)' must be a list of texts, found \(element.found) in it "
                        + "(for example '\(key.example)')")
                continue
            }
            do {
                values.append(try read(text))
            } catch {
                problems.error(element.position, "\(error.reason) (for example '\(key.example)')")
            }
        }
        return values.count == elements.count ? values : nil
    }
}
