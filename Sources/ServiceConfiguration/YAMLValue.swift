internal import Yams

/// A node of the file with its place; the only file that knows the YAML library is this one.
struct YAMLValue {
    indirect enum Content {
        /// `isPlain` tells `null` from `'null'`.
        case scalar(String, isPlain: Bool)
        case list([YAMLValue])
        case mapping([(key: YAMLValue, value: YAMLValue)])
    }

    let position: Position
    let content: Content

    /// Whether nothing, or YAML's word for it, stands here.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The text that stands here; nil for a list or a mapping.
    var text: String? {
        guard case .scalar(let text, _) = content else { return nil }
        return text
    }

    /// What stands here, for "found ...".
    var found: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : "the text \(quoted(text))"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension YAMLValue {
    /// Reads a text that `TextGuard` has let through; nil for one without content, or with a problem that is reported.
    static func compose(_ guarded: TextGuard.Accepted, problems: inout ProblemList) -> YAMLValue? {
        do {
            // The basic resolver leaves scalars alone: '10.1' stays a text and 'no' is not false.
            guard let node = try Yams.compose(yaml: guarded.text, .basic, .default, .utf8) else { return nil }
            return YAMLValue(node, skipping: guarded.duplicates)
        } catch let error as YamlError {
            let (position, text) = describe(error)
            problems.error(position, text)
        } catch {
            problems.error(.start, "cannot read this as YAML")
        }
        return nil
    }

    private init(_ node: Node, skipping skipped: Set<Position>) {
        position = Position(node.mark)
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, isPlain: scalar.style == .plain || scalar.style == .any)
        case .sequence(let sequence):
            content = .list(sequence.map { YAMLValue($0, skipping: skipped) })
        case .mapping(let mapping):
            content = .mapping(
                mapping.compactMap { key, value in
                    skipped.contains(Position(key.mark))
                        ? nil : (YAMLValue(key, skipping: skipped), YAMLValue(value, skipping: skipped))
                })
        case .alias:
            content = .scalar("", isPlain: true)
        }
    }

    private static func describe(_ error: YamlError) -> (Position, String) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let circumstance = context.map { " \($0.text)" } ?? ""
            return (Position(mark), "not valid YAML: \(problem)\(circumstance)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return (Position(context.mark), "key \(quoted(duplicates.first ?? "")) is given twice")
        case .reader(let problem, _, _, _), .writer(let problem), .emitter(let problem), .representer(let problem):
            return (.start, "not valid YAML: \(problem)")
        case .no, .memory, .dataCouldNotBeDecoded:
            return (.start, "cannot read this as YAML")
        }
    }
}

extension Position {
    init(_ mark: Mark?) {
        self.init(line: max(1, mark?.line ?? 1), column: max(1, mark?.column ?? 1))
    }
}
