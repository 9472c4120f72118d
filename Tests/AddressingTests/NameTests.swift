internal import Addressing
internal import Testing

struct MACAddressTests {
    @Test(arguments: [
        ("10.1.0.7", UInt8(0), "02:00:0a:01:00:07"), ("255.255.255.255", 255, "02:ff:ff:ff:ff:ff"),
        // FNV-1a over the 16 octets, computed apart from this code.
        ("::", 3, "02:03:69:69:19:05"), ("2001:db8::7", 3, "02:03:6c:5b:01:ce"),
    ])
    func `an address keeps its MAC for ever`(_ text: String, _ farm: UInt8, _ mac: String) throws {
        let made = MACAddress(virtualIP: try #require(IPAddress(text)), farm: farm)
        #expect(made.description == mac)
        #expect(made.isLocalUnicast)
        #expect(MACAddress(mac) == made)
    }

    @Test(arguments: [
        "", "02:00:0a:01:00", "02:00:0a:01:00:07:08", "02:00:0a:01:00:7", "02:00:0a:01:00:007", "02:00:0a:01:00:0g",
        "02-00-0a-01-00-07", "02:00:0a:01:00:+7", ":02:00:0a:01:00:07", "02:00:0a:01::07", "02:00:0a:01:00:\u{FF10}7",
    ])
    func `bad text is refused`(_ text: String) {
        #expect(MACAddress(text) == nil)
    }

    @Test(arguments: [
        ("02:00:00:00:00:01", true), ("00:00:00:00:00:01", false), ("03:00:00:00:00:01", false),
        ("FE:FF:FF:FF:FF:FF", true), ("ff:ff:ff:ff:ff:ff", false),
    ])
    func `only a local unicast address may be chosen by software`(_ text: String, _ expected: Bool) throws {
        #expect(try #require(MACAddress(text)).isLocalUnicast == expected)
    }

    @Test func `other counts of octets are refused`() {
        #expect(MACAddress(octets: [2, 0, 0, 0, 0]) == nil)
        #expect(MACAddress(octets: [2, 0, 0, 0, 0, 0, 0]) == nil)
    }
}

struct SessionIDTests {
    @Test(arguments: ["aaaaaaaa", "zzzzzzzz", "22222222", "k7f3q2m5"])
    func `eight characters of the alphabet are a name`(_ text: String) {
        #expect(SessionID(text)?.description == text)
    }

    @Test(arguments: [
        "", "aaaaaaa", "aaaaaaaaa", "AAAAAAAA", "aaaaaaa1", "aaaaaaa8", "aaaaaaa9", "aaaaaaa0", "../../aa", "aaaaaaa/",
        "aaaaaaa\0", "aaaaaaa\n", "aaaaaa\u{E9}", "aaaa aaa", "........",
    ])
    func `anything else is refused: it becomes a path component`(_ text: String) {
        #expect(SessionID(text) == nil)
    }

    @Test func `drawn names keep the grammar and use the whole alphabet`() {
        let names = (0..<2000).map { _ in SessionID.random() }
        #expect(names.allSatisfy { SessionID($0.description) == $0 })
        #expect(Set(names).count == names.count)
        #expect(Set(names.flatMap(\.description)).count == 32)
    }
}
