extension ServiceConfiguration {
    /// Reads how long history is kept; nil for ever, or where there is a problem.
    static func readHistoryKeep(_ section: Section<TopKey>, problems: inout ProblemList) -> Duration? {
        guard let pairs = section.mapping(of: .history, problems: &problems) else { return nil }
        let history = Section<HistoryKey>(pairs, place: " in 'history'", problems: &problems)
        guard let located = history.text(of: .keep, problems: &problems), located.text != "forever" else { return nil }
        return readKeep(located, problems: &problems)
    }

    /// Reads a time such as `365d` or `12h`; nil, and the reason, for anything else.
    private static func readKeep(_ located: Located, problems: inout ProblemList) -> Duration? {
        let text = located.text
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let hours: [Substring: Int] = ["d": 24, "h": 1]
        // Nine digits of days still fit a Duration by far.
        guard digits.count <= 9, let count = Int(digits), let unit = hours[text.dropFirst(digits.count)] else {
            problems.error(
                located.position,
                "keep \(quoted(text)) is neither 'forever' nor a whole number with the unit d or h (for example '365d')"
            )
            return nil
        }
        guard count > 0 else {
            problems.error(located.position, "keep \(quoted(text)) is too short (1h is the least)")
            return nil
        }
        guard count * unit <= longestKeep else {
            problems.error(located.position, "keep \(quoted(text)) is too long (36500d is the most, or 'forever')")
            return nil
        }
        return .seconds(count * unit * 3600)
    }

    /// A hundred years, in hours.
    private static let longestKeep = 36_500 * 24
}
