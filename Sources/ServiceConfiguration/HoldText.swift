internal import Leasing

/// Reads a hold such as `100ms`, `30s`, `5m` or `1h`; nil, and the reason, for anything else.
func readHold(_ located: Located, problems: inout ProblemList) -> Duration? {
    let text = located.text
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    // Nine digits of hours still fit a Duration by far.
    guard let count = Int(digits), digits.count <= 9 else {
        problems.error(located.position, "hold \(quoted(text)) is not a whole number with a unit (for example '30s')")
        return nil
    }
    let hold: Duration
    switch text.dropFirst(digits.count) {
    case "ms": hold = .milliseconds(count)
    case "s": hold = .seconds(count)
    case "m": hold = .seconds(count * 60)
    case "h": hold = .seconds(count * 3600)
    case "":
        problems.error(located.position, "hold \(quoted(text)) has no unit: ms, s, m or h (for example '\(count)s')")
        return nil
    default:
        problems.error(
            located.position,
            "hold \(quoted(text)) is not a whole number with the unit ms, s, m or h (for example '30s')")
        return nil
    }
    guard hold >= Pool.minimumHold else {
        problems.error(located.position, "hold \(quoted(text)) is too short (100ms is the least)")
        return nil
    }
    guard hold <= longestHold else {
        problems.error(located.position, "hold \(quoted(text)) is too long (720h is the most)")
        return nil
    }
    return hold
}

/// Thirty days: an address that rests for longer is rather excluded.
private let longestHold: Duration = .seconds(720 * 3600)

/// Reads one word of a closed set; nil, and the reason, for anything else.
func readWord<Word: RawRepresentable<String> & CaseIterable>(
    _ located: Located, noun: String, problems: inout ProblemList
) -> Word? {
    if let word = Word(rawValue: located.text) { return word }
    let known = Word.allCases.map(\.rawValue)
    let nearest = nearestName(to: located.text, among: known) ?? ""
    problems.error(
        located.position,
        "\(noun) \(quoted(located.text)) is not one of \(known.joined(separator: ", ")) (the nearest is '\(nearest)')")
    return nil
}

extension Section {
    /// The word of a key; `fallback` where it is not given, nil where it is wrong.
    func word<Word: RawRepresentable<String> & CaseIterable>(
        of key: Key, fallback: Word, problems: inout ProblemList
    ) -> Word? {
        guard position(of: key) != nil else { return fallback }
        guard let located = text(of: key, problems: &problems) else { return nil }
        return readWord(located, noun: key.rawValue, problems: &problems)
    }
}
