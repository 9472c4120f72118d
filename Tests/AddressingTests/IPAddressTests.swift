internal import Addressing
internal import Testing

struct IPAddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("10.1.0.7", "10.1.0.7"), ("255.255.255.255", "255.255.255.255"), ("::", "::"),
        ("::1", "::1"), ("2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("2001:0:0:1:0:0:0:1", "2001:0:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"), ("::ffff:10.1.0.7", "::ffff:10.1.0.7"),
    ])
    func `good text is read and printed in its short form`(_ text: String, _ printed: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.description == printed)
        #expect(IPAddress(printed) == address)
        #expect(IPAddress(octets: address.octets) == address)
    }

    @Test(arguments: [
        "", " ", "10.1.0", "10.1.0.256", "10.1.0.7.1", "010.1.0.7", "10.1.0.7 ", " 10.1.0.7", "10.1.0.-7", "0x0a010007",
        "10.1.0.7\0", "10.1.0.7/24", "167837703", "1::2::3", ":::", "12345::", "fe80::1%eth0", "[::1]", "::g",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "::10.1.0.256", "\u{FF11}0.1.0.7", "10.1.0.7\n",
    ])
    func `bad text is refused`(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func `octets are in network order, and other counts are refused`() throws {
        let address = try #require(IPAddress("10.1.2.3"))
        #expect(address.octets == [10, 1, 2, 3])
        #expect(address.bits == 0x0a01_0203)
        #expect(IPAddress("2001:db8::1")?.octets == [0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [1])
        for count in [0, 3, 5, 15, 17] {
            #expect(IPAddress(octets: Array(repeating: 0, count: count)) == nil)
        }
    }

    @Test func `the families never mix`() throws {
        let four = try #require(IPAddress("0.0.0.1"))
        let six = try #require(IPAddress("::1"))
        #expect(four != six)
        #expect(four < six)
        #expect(IPAddress(ipv4: UInt32.max) < six)
        #expect(IPAddress(family: .ipv4, bits: 1 << 32) == nil)
        #expect(IPAddress(family: .ipv6, bits: 1 << 32)?.description == "::1:0:0")
    }

    @Test(arguments: [
        ("10.1.0.255", 1, "10.1.1.0"), ("10.1.1.0", -1, "10.1.0.255"), ("0.0.0.0", -1, nil),
        ("10.0.0.0", 0, "10.0.0.0"),
        ("255.255.255.255", 1, nil), ("255.255.255.255", Int.max, nil), ("10.0.0.0", Int.min, nil),
        ("::ffff:ffff:ffff:ffff", 1, "0:0:0:1::"), ("::", -1, nil),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, nil),
    ])
    func `advancing ends at the ends of the family`(_ text: String, _ distance: Int, _ expected: String?) throws {
        #expect(try #require(IPAddress(text)).advanced(by: distance)?.description == expected)
    }
}
