/// The candidate with the fewest single-character edits from `text`; the first of equals, nil where there is none.
func nearestName(to text: String, among candidates: [String]) -> String? {
    // Known names are short: what goes beyond 64 characters is equally far from each of them.
    let lowered = Array(text.lowercased().unicodeScalars.prefix(64))
    return candidates.min {
        editDistance(lowered, Array($0.unicodeScalars)) < editDistance(lowered, Array($1.unicodeScalars))
    }
}

/// Levenshtein's distance, with one row of the table at a time.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var row = Array(0...right.count)
    for (leftIndex, leftScalar) in left.enumerated() {
        var diagonal = row[0]
        row[0] = leftIndex + 1
        for (rightIndex, rightScalar) in right.enumerated() {
            let substituted = diagonal + (leftScalar == rightScalar ? 0 : 1)
            diagonal = row[rightIndex + 1]
            row[rightIndex + 1] = min(substituted, diagonal + 1, row[rightIndex] + 1)
        }
    }
    return row[right.count]
}
