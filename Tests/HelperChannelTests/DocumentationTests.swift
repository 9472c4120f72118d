import Foundation
import Testing

/// `docs/protocol.md` names everything that `vipns_helper.h` has.
struct DocumentationTests {
    @Test func `every message and attribute of the header is in the documentation`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let header = try String(contentsOf: root.appending(path: "Sources/CProtocol/include/vipns_helper.h"), encoding: .utf8)
        let page = try String(contentsOf: root.appending(path: "docs/protocol.md"), encoding: .utf8)
        let names = Set(header.matches(of: /VIPNS_(MSG|ATTR)_[A-Z_]+/).map { String($0.output.0) })
        // A header that is no longer read as it is written would make the rest of this test empty.
        #expect(names.count == 31)
        for name in names.sorted() {
            // As a word: VIPNS_MSG_LIST is also the beginning of VIPNS_MSG_LISTEN.
            #expect(try page.contains(Regex("\(name)(?![A-Z_])")), "\(name)")
        }
    }
}
