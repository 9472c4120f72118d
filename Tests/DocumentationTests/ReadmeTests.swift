import LinuxSystem
import Testing

/// README.md against what is built.
struct ReadmeTests {
    /// The commands of the blocks for a shell, word by word, without `sudo` and comments.
    private static func commands(_ page: Document) -> [[Substring]] {
        page.blocks("sh").joined().compactMap { line in
            var words = line.split(separator: " ").prefix { $0 != "#" }
            if words.first == "sudo" { words = words.dropFirst() }
            return words.isEmpty ? nil : Array(words)
        }
    }

    @Test func `every verb of vipns that README shows is one, and it shows them all`() async throws {
        let page = try Document("README.md")
        let verbs = try Self.verbs()
        let shown = Self.commands(page).filter { $0[0] == "vipns" && $0.count > 1 }.map { String($0[1]) }
        for verb in shown { #expect(verbs.contains(verb), "'vipns \(verb)'") }
        for verb in verbs { #expect(shown.contains(verb), "'vipns \(verb)' is not shown") }
    }

    @Test func `every target of make that README shows is in the Makefile`() throws {
        let makefile = try Document("Makefile").text
        let shown = Self.commands(try Document("README.md")).filter { $0[0] == "make" && $0.count > 1 }.map { $0[1] }
        #expect(shown.contains("demo") && shown.contains("test"))
        for target in shown {
            #expect(makefile.split(separator: "\n").contains { $0.hasPrefix("\(target):") }, "'make \(target)'")
        }
    }

    @Test func `README says the sentence that users see, and what the host's firewall does not`() throws {
        let text = try Document("README.md").text
        #expect(
            text.contains(
                "No virtual IP address is available for this session, please contact your administrator."))
        let bold = text.matches(of: /\*\*([^*]+)\*\*/).map { $0.output.1 }
        #expect(bold.contains { $0.contains("INPUT") && $0.contains("OUTPUT") })
    }

    /// The verbs that the built program lists.
    private static func verbs() throws -> [String] {
        let folder = (readSymbolicLink("/proc/self/exe") ?? "").split(separator: "/").dropLast().joined(separator: "/")
        let pipe = try UnixSocket.pair(.stream)
        let child = try ChildProcess("/\(folder)/vipns", arguments: ["--help"], output: pipe.second.withRaw { $0 })
        let output = pipe.keepingFirst()
        let text = String(decoding: try output.readAll(limit: 1 << 16), as: UTF8.self)
        try #require(try child.wait() == .exited(0))
        let list = text.split(separator: "SUBCOMMANDS:\n").last ?? ""
        // Two blanks before a verb, many before what goes on.
        return list.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") && !$0.contains("'") }
            .compactMap { $0.split(separator: " ").first.map(String.init) }
    }
}
