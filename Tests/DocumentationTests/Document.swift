import LinuxSystem
import Testing

/// A text of the project, read from the checkout that the tests were built from.
struct Document: Sendable, CustomTestStringConvertible {
    /// Where it is, from the package's root.
    let path: String
    /// What stands in it.
    let text: String

    init(_ path: String) throws {
        self.path = path
        self.text = try readTextFile("\(Self.root)/\(path)")
    }

    var testDescription: String { path }

    /// The package's root.
    static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3)
        .joined(separator: "/")

    /// README.md and everything under docs/.
    static func all() throws -> [Document] {
        let pages = try ["docs", "docs/decisions"].flatMap { folder in
            try directoryEntries("\(root)/\(folder)").map { "\(folder)/\($0)" }
        }
        return try (["README.md"] + pages.sorted()).filter { $0.hasSuffix(".md") }.map(Document.init)
    }

    /// The lines of every fenced block that begins with this word.
    func blocks(_ kind: String) -> [[String]] {
        var blocks: [[String]] = []
        var isInside = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                isInside = !isInside && line == "```\(kind)"
                if isInside { blocks.append([]) }
            } else if isInside {
                blocks[blocks.count - 1].append(String(line))
            }
        }
        return blocks
    }

    /// The targets of its links, without those to other sites.
    var relativeLinks: [String] {
        text.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }.filter { !$0.contains("://") }
    }

    /// What links to its headings look like.
    var anchors: Set<String> {
        let headings = text.split(separator: "\n").filter { $0.hasPrefix("#") }
        return Set(
            headings.map { heading in
                heading.drop { $0 == "#" }.dropFirst().lowercased().compactMap { character -> String? in
                    if character == " " { return "-" }
                    return character.isLetter || character.isNumber || "-_".contains(character) ? "\(character)" : nil
                }.joined()
            })
    }

    /// Whether a word stands in it, not as a part of a longer one.
    func names(_ word: some StringProtocol) -> Bool {
        text.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
    }
}
