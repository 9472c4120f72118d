import Foundation
import Testing

/// `docs/protocol.md` names everything that `vipns_helper.h` has.
struct DocumentationTests {
    @Test func `every message and attribute of the header is in the documentation`() throws {
        let header = try text(of: "Sources/CProtocol/include/vipns_helper.h")
        let page = try text(of: "docs/protocol.md")
        let names = Set(header.matches(of: /VIPNS_(MSG|ATTR)_[A-Z0-9_]+/).map { String($0.output.0) })
        // A header that is no longer read as it is written would make the rest of this test empty.
        #expect(names.count == 58)
        for name in names.sorted() {
            // As a word: VIPNS_MSG_LIST is also the beginning of VIPNS_MSG_LISTEN.
            #expect(try page.contains(Regex("\(name)(?![A-Z0-9_])")), "\(name)")
        }
    }

    private func text(of path: String) throws -> String {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: tests.deletingLastPathComponent().appending(path: path), encoding: .utf8)
    }
}
