import Glibc
import Testing

/// What the pages point at.
struct LinkTests {
    @Test(arguments: try Document.all())
    func `every relative link leads to a file and a heading that are there`(page: Document) throws {
        let folder = page.path.split(separator: "/").dropLast()
        for link in page.relativeLinks {
            let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let path = parts[0].isEmpty ? page.path : Self.resolve(parts[0], in: folder.map(String.init))
            let exists = unsafe access("\(Document.root)/\(path)", F_OK) == 0
            #expect(exists, "\(page.path) links to '\(link)'")
            guard exists, parts.count == 2 else { continue }
            #expect(try Document(path).anchors.contains(parts[1]), "\(page.path) links to '\(link)'")
        }
    }

    @Test func `README leads to every page but the decisions, and these are led to by the architecture`() throws {
        let readme = try Document("README.md").relativeLinks
        let architecture = try Document("docs/architecture.md").relativeLinks.map { "docs/\($0)" }
        for page in try Document.all() where page.path != "README.md" {
            let leading = page.path.hasPrefix("docs/decisions/") ? architecture : readme
            #expect(leading.contains { $0.hasPrefix(page.path) }, "nobody finds \(page.path)")
        }
    }

    private static func resolve(_ link: String, in folder: [String]) -> String {
        var parts = folder
        for part in link.split(separator: "/") {
            switch part {
            case ".": continue
            case "..": _ = parts.popLast()
            default: parts.append(String(part))
            }
        }
        return parts.joined(separator: "/")
    }
}
