internal import Addressing
internal import Leasing

extension Lease {
    /// Tells a row that was changed by accident, on the disk or by hand, from one that this store wrote.
    ///
    /// SQLite does not notice a flipped bit in a value, and most make another value that could well be. A single octet that
    /// differs always shows, more of them but for one in 2^64. FNV-1a, 64 bits, over every column and every address.
    var checksum: Int64 {
        var hash = FNV1a()
        for value in values { hash.add(value.map { "\($0)" }) }
        for address in addresses {
            hash.add(address.prefix.description)
            hash.add(address.gateway?.description)
        }
        return Int64(bitPattern: hash.value)
    }
}

private struct FNV1a {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    /// Adds a text and its end; text is UTF-8, so that 0xFF and 0xFE never are part of it.
    mutating func add(_ text: String?) {
        for octet in text?.utf8 ?? "".utf8 { add(octet) }
        add(text == nil ? 0xfe : 0xff)
    }

    private mutating func add(_ octet: UInt8) { value = (value ^ UInt64(octet)) &* 0x0000_0100_0000_01b3 }
}
