internal import Addressing
internal import Leasing
internal import Testing

struct LeasingTests {
    @Test(
        arguments: [
            ([String](), UInt128(0)), (["10.1.0.7"], 1), (["10.1.0.1-10.1.0.3", "10.2.0.0-10.2.255.255"], 65539),
            (["::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], UInt128.max),
            (["0.0.0.0-255.255.255.255", "::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"], 1 << 32),
            (["10.1.0.1-10.1.0.9", "2001:db8::1-2001:db8::3"], 3),
        ] as [([String], UInt128)])
    func `a pool counts its addresses, or its pairs`(_ ranges: [String], _ total: UInt128) throws {
        #expect(try pool(ranges).total == total)
    }

    @Test func `an error says what was tried, where, and why it failed`() throws {
        let taken = LeaseStoreError(
            operation: "store the intent of session 'k7f3q2m2' in", subject: "/var/lib/vipns/vipns.db",
            cause: .addressTaken(try address("10.1.0.7")))
        #expect(
            taken.description == """
                cannot store the intent of session 'k7f3q2m2' in '/var/lib/vipns/vipns.db': \
                address '10.1.0.7' is leased already
                """)
        #expect(taken.takenAddress == (try address("10.1.0.7")))
        let failed = LeaseStoreError(operation: "read history from", subject: "f", cause: .storage("disk I/O error"))
        #expect(failed.description == "cannot read history from 'f': disk I/O error")
        #expect(failed.takenAddress == nil)
    }
}
