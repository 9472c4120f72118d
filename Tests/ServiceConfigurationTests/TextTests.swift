import ServiceConfiguration
import TestSupport
import Testing

private let smallest = "(for example 'pools: {lab: {ranges: [10.1.0.10-10.1.0.250], prefix: 10.1.0.0/24}}')"
private let patternHint = "(a pattern goes into quotes, for example '*.example.com')"
private let aliases = "anchors ('&') and aliases ('*') are not supported; write the value out \(patternHint)"
private let severalLines = "a text does not go on over several lines (is the indentation right?)"

@Suite struct TextTests {
    @Test(arguments: [
        BadText("", "1:1 the file is empty, at least one pool is needed \(smallest)"),
        BadText("# nothing\n\n", "1:1 the file is empty, at least one pool is needed \(smallest)"),
        BadText("---\n", "1:1 the file is empty, at least one pool is needed \(smallest)"),
        BadText("operators: a\n", "1:1 at least one pool is needed \(smallest)"),
        BadText("pools: {}\n", "1:1 at least one pool is needed \(smallest)"),
        BadText("- a\n", "1:1 the file must be a mapping, found a list, at least one pool is needed \(smallest)"),
        BadText("\u{0}", "1:1 character U+0000 is not allowed (is this a text file?)"),
        BadText("pools:\n  a\u{1B}b:\n", "2:4 character U+001B is not allowed (is this a text file?)"),
        BadText("a: 1\rb: 2\n", "1:5 character U+000D is not allowed (is this a text file?)"),
        BadText("pools:\n\tlab: {}\n", "2:1 a tab stands here where YAML wants spaces"),
        BadText(pool() + "---\n" + pool(), "5:1 a second document begins here, but a file holds only one"),
        BadText(pool() + "...\n" + pool(), "6:1 text after the end of the document ('...')"),
        BadText(
            "%YAML 1.2\n---\n", "1:1 directives ('%') are not supported",
            "2:1 a second document begins here, but a file holds only one"),
        BadText("pools: &a {}\n", "1:8 \(aliases)"),
        BadText("a: &a [x]\nb: *a\n", "1:4 \(aliases)", "2:4 \(aliases)"),
        BadText("pools: !!map {}\n", "1:8 tags ('!') are not supported"),
        BadText(
            "operators: |\n  abc\n",
            "1:12 block text ('|' and '>') is not supported; write the value on one line"),
        BadText("? pools\n: {}\n", "1:1 complex keys ('?') are not supported \(patternHint)"),
        BadText(
            "operators: 'a\n  b'\n", "1:12 a quotation must end on the line where it begins"),
        BadText("operators: a\n  b\n", "2:3 \(severalLines)"),
        BadText(
            "a: 1\na: 2\n", "1:1 unknown key 'a' (the nearest known key is 'pools')",
            "1:1 at least one pool is needed \(smallest)", "2:1 key 'a' is given twice (first in line 1)"),
        BadText(
            "{a: 1, pools: {}, \"a\": 2}", "1:2 unknown key 'a' (the nearest known key is 'pools')",
            "1:8 at least one pool is needed \(smallest)", "1:19 key 'a' is given twice (first in line 1)"),
        BadText(String(repeating: "[", count: 1_000_000), "1:17 nested more than 16 levels deep"),
        BadText(String(repeating: "{a: ", count: 200_000), "1:65 nested more than 16 levels deep"),
        BadText(String(repeating: "- ", count: 200_000), "1:33 nested more than 16 levels deep"),
        BadText("pools: [\n", "2:1 not valid YAML: did not find expected node content while parsing a flow node"),
        BadText("a: b: c\n", "1:5 not valid YAML: mapping values are not allowed in this context"),
        BadText("[a]: 1\n", "1:1 a key must be a text, found a list", "1:1 at least one pool is needed \(smallest)"),
    ])
    func `text that is not wanted is refused with its place`(bad: BadText) {
        let reading = parse(bad.text)
        #expect(summary(reading) == bad.problems)
        #expect(reading.configuration == nil)
    }

    @Test(arguments: [
        "x: [y 'a, ' #', *b]", "x: [y \"a, *b, c\"]", "- x\n  [ b\n- *d\n- c ]\n", "a: x\n  \"b\nc: *d \"\n",
        "a: 'x'*b\n", "{a: x\n# ', b: *c}", "[a\n#',\n*b]", "[\"a\"#'\n,*b]", "- - *b\n", "a:\n- *b\n", "[x?*a]",
        "{a:*b}", "[a,*b]",
    ])
    func `no alias hides in what looks like a text or a comment`(text: String) {
        let reading = parse(text)
        #expect(reading.configuration == nil)
        #expect(!reading.problems.contains { $0.text.contains("undefined alias") })
        #expect(reading.problems.contains { $0.severity == .error })
    }

    @Test func `aliases do not unfold`() {
        let names = Array("abcdefghijklmnopqrst")
        var text = "a: &a [x, x, x, x, x, x, x, x, x]\n"
        for (previous, name) in zip(names, names.dropFirst()) {
            text += "\(name): &\(name) [\(Array(repeating: "*\(previous)", count: 9).joined(separator: ", "))]\n"
        }
        let time = processorTime { #expect(parse(text + "? *t\n: 1\n").configuration == nil) }
        #expect(time < .seconds(1))
    }

    @Test(arguments: [
        "  p%: {ranges: [10.1.0.10], prefix: 24, hold: 1, mode: x}\n", "  - a\n", "  p: {ranges: [1.1.1.1, 2.2.2.2]}\n",
        "  p%: {}\n",
    ])
    func `the largest file with nothing but mistakes is read in a moment`(line: String) {
        let count = ServiceConfiguration.largestFile / (line.utf8.count + 5)
        let text = "pools:\n" + (0..<count).map { line.replacing("%", with: "\($0)") }.joined()
        let time = processorTime { #expect(parse(text).configuration == nil) }
        // Without optimisation on a busy machine; anything that grows with the square takes minutes.
        #expect(time < .seconds(40))
    }

    @Test func `names and values cannot break a line of the log`() {
        let reading = parse("\"a\\nb\\e[31m\": 1\n" + pool("mode: \"x\\ny\""))
        #expect(reading.problems.count == 2)
        #expect(reading.problems.allSatisfy { !$0.description.contains { $0.isNewline || $0 == "\u{1B}" } })
        let long = parse(String(repeating: "k", count: 1000) + ": 1\n" + pool())
        #expect(long.problems.allSatisfy { $0.text.count < 200 })
    }
}
