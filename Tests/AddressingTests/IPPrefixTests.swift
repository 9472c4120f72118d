internal import Addressing
internal import Testing

struct IPPrefixTests {
    @Test(arguments: [
        ("10.1.2.3/24", "10.1.2.0", "10.1.2.255"), ("10.1.2.3/32", "10.1.2.3", "10.1.2.3"),
        ("10.1.2.3/31", "10.1.2.2", "10.1.2.3"), ("10.1.2.3/0", "0.0.0.0", "255.255.255.255"),
        ("2001:db8::7/64", "2001:db8::", "2001:db8::ffff:ffff:ffff:ffff"), ("::1/128", "::1", "::1"),
        ("::1/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ])
    func `a prefix knows its ends and keeps its host bits`(_ text: String, _ first: String, _ last: String) throws {
        let prefix = try #require(IPPrefix(text))
        #expect(prefix.description == text)
        #expect(prefix.first.description == first)
        #expect(prefix.last.description == last)
        #expect(prefix.contains(prefix.first) && prefix.contains(prefix.last) && prefix.contains(prefix.address))
        if let before = prefix.first.advanced(by: -1) { #expect(!prefix.contains(before)) }
        if let after = prefix.last.advanced(by: 1) { #expect(!prefix.contains(after)) }
    }

    @Test(arguments: [
        "", "/", "10.1.0.0", "10.1.0.0/", "/24", "10.1.0.0/33", "10.1.0.0/-1", "10.1.0.0/+24", "10.1.0.0/024",
        "10.1.0.0/24/24", "10.1.0.0/24 ", "10.1.0/24", "::/129", "::/-0", "10.1.0.0/255.255.255.0",
        "10.1.0.0/99999999999999999999", "10.1.0.0/\u{FF12}4",
    ])
    func `bad text is refused`(_ text: String) {
        #expect(IPPrefix(text) == nil)
    }

    @Test func `an address of the other family is in no prefix`() throws {
        #expect(try #require(IPPrefix("0.0.0.0/0")).contains(try #require(IPAddress("::1"))) == false)
        #expect(try #require(IPPrefix("::/0")).contains(try #require(IPAddress("10.1.0.1"))) == false)
    }
}
