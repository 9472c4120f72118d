internal import Addressing
internal import Testing

struct IPRangeTests {
    @Test(arguments: [
        ("10.1.0.2-10.1.0.9", UInt128(8)), ("10.1.0.2", 1), ("0.0.0.0-255.255.255.255", 1 << 32),
        ("2001:db8::-2001:db8::ffff", 1 << 16), ("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UInt128.max),
        ("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", UInt128.max),
    ])
    func `good text is read, printed and counted`(_ text: String, _ count: UInt128) throws {
        let range = try #require(IPRange(text))
        #expect(range.description == text)
        #expect(range.count == count)
    }

    @Test(arguments: [
        "", "-", "10.1.0.2-", "-10.1.0.2", "10.1.0.9-10.1.0.2", "10.1.0.2-::9", "10.1.0.2-10.1.0.3-10.1.0.4",
        "10.1.0.2--10.1.0.3", "10.1.0.2 - 10.1.0.9", "10.1.0.2-9", "10.1.0.0/24",
    ])
    func `bad text is refused`(_ text: String) {
        #expect(IPRange(text) == nil)
    }

    @Test func `a range of one is printed as its address`() throws {
        #expect(IPRange("10.1.0.2-10.1.0.2")?.description == "10.1.0.2")
    }

    @Test(arguments: [
        ("10.1.0.5-10.1.0.9", "10.1.0.4", false, false), ("10.1.0.5-10.1.0.9", "10.1.0.10-10.1.0.20", false, false),
        ("10.1.0.5-10.1.0.9", "10.1.0.1-10.1.0.5", true, false),
        ("10.1.0.5-10.1.0.9", "10.1.0.9-10.1.0.12", true, false),
        ("10.1.0.5-10.1.0.9", "10.1.0.5-10.1.0.9", true, true), ("10.1.0.5-10.1.0.9", "10.1.0.7", true, true),
        ("10.1.0.5-10.1.0.9", "10.1.0.1-10.1.0.20", true, false), ("0.0.0.0-0.0.0.9", "::-::9", false, false),
    ])
    func `overlap is seen from both sides, containment from one`(
        _ left: String, _ right: String, _ overlaps: Bool, _ contains: Bool
    ) throws {
        let left = try #require(IPRange(left))
        let right = try #require(IPRange(right))
        #expect(left.overlaps(right) == overlaps)
        #expect(right.overlaps(left) == overlaps)
        #expect(left.contains(right) == contains)
    }

    @Test(arguments: [
        ("10.1.0.5-10.1.0.9", "10.1.0.1-10.1.0.4", ["10.1.0.5-10.1.0.9"]),
        ("10.1.0.5-10.1.0.9", "10.1.0.7", ["10.1.0.5-10.1.0.6", "10.1.0.8-10.1.0.9"]),
        ("10.1.0.5-10.1.0.9", "10.1.0.5", ["10.1.0.6-10.1.0.9"]),
        ("10.1.0.5-10.1.0.9", "10.1.0.8-10.1.0.20", ["10.1.0.5-10.1.0.7"]),
        ("10.1.0.5-10.1.0.9", "10.1.0.5-10.1.0.9", []), ("10.1.0.5-10.1.0.9", "10.1.0.0-10.1.0.255", []),
        ("0.0.0.0-255.255.255.255", "0.0.0.0", ["0.0.0.1-255.255.255.255"]),
        ("0.0.0.0-255.255.255.255", "255.255.255.255", ["0.0.0.0-255.255.255.254"]),
        ("10.1.0.5-10.1.0.9", "::a01:5-::a01:9", ["10.1.0.5-10.1.0.9"]),
        ("::-::3", "::1-::2", ["::", "::3"]),
    ])
    func `cutting a hole leaves what is beside it`(_ text: String, _ hole: String, _ rest: [String]) throws {
        let range = try #require(IPRange(text))
        #expect(range.removing(try #require(IPRange(hole))).map(\.description) == rest)
    }
}
