internal import Addressing

/// A range of a pool, or an exclude, as it stands in the file.
struct RangeItem {
    let range: IPRange
    let position: Position
}

/// What is wrong with the text of a range.
struct RangeTextError: Error {
    let reason: String
}

/// Reads `FIRST-LAST` or a single address; `noun` is what messages call it.
func readRange(_ text: String, noun: String) throws(RangeTextError) -> IPRange {
    let name = "\(noun) \(quoted(text))"
    if text.contains("/") { throw RangeTextError(reason: "\(name) is a prefix\(prefixHint(text))") }
    let parts = text.split(separator: "-", omittingEmptySubsequences: false).map(String.init)
    guard let firstText = parts.first, let lastText = parts.last, parts.count <= 2 else {
        throw RangeTextError(reason: "\(name) has more than one '-' (for example '10.1.0.10-10.1.0.250')")
    }
    guard let first = IPAddress(firstText) else {
        throw RangeTextError(reason: badAddress(name, firstText))
    }
    guard let last = IPAddress(lastText) else {
        throw RangeTextError(reason: badAddress(name, lastText))
    }
    guard first.family == last.family else { throw RangeTextError(reason: "\(name) mixes IPv4 and IPv6") }
    guard let range = IPRange(first, last) else {
        throw RangeTextError(reason: "\(name) ends before it begins")
    }
    return range
}

private func badAddress(_ name: String, _ text: String) -> String {
    let example = "(for example '10.1.0.10-10.1.0.250' or '10.1.0.252')"
    if text.isEmpty { return "\(name) lacks an address \(example)" }
    if text.contains(" ") { return "\(name) has blanks in it \(example)" }
    return "\(name) has \(quoted(text)), which is not an address \(example)"
}

private func prefixHint(_ text: String) -> String {
    guard let prefix = IPPrefix(text), prefix.length <= prefix.address.family.bitWidth - 2,
        let first = prefix.first.advanced(by: 1), let last = prefix.last.advanced(by: -1)
    else { return "; write its first and last address instead (for example '10.1.0.10-10.1.0.250')" }
    return "; write its first and last address instead (for example '\(first)-\(last)')"
}
