import Glibc

/// An IPv4 or IPv6 address, ordered within its family by its number; IPv4 sorts before IPv6.
///
/// Text form is that of inet_pton(3) and inet_ntop(3); zone indices are not part of an address here.
public struct IPAddress: Hashable, Sendable {
    /// The two address families.
    public enum Family: Int, Hashable, Sendable, Comparable {
        case ipv4
        case ipv6

        /// Number of bits of an address of this family: 32 or 128.
        public var bitWidth: Int { self == .ipv4 ? 32 : 128 }

        /// IPv4 sorts before IPv6.
        public static func < (left: Family, right: Family) -> Bool { left.rawValue < right.rawValue }
    }

    /// Which family the address belongs to.
    public let family: Family
    /// The address as a number, the first octet most significant.
    public let bits: UInt128

    /// Makes an IPv4 address from its number, the first octet most significant.
    public init(ipv4 bits: UInt32) {
        self.family = .ipv4
        self.bits = UInt128(bits)
    }

    /// Makes an IPv6 address from its number, the first octet most significant.
    public init(ipv6 bits: UInt128) {
        self.family = .ipv6
        self.bits = bits
    }

    /// Makes an address of `family`; nil where `bits` is wider than the family.
    public init?(family: Family, bits: UInt128) {
        guard family == .ipv6 || bits <= UInt128(UInt32.max) else { return nil }
        self.family = family
        self.bits = bits
    }

    /// Makes an address from its 4 or 16 octets in network order; nil for any other count.
    public init?(octets: [UInt8]) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        self.family = octets.count == 4 ? .ipv4 : .ipv6
        self.bits = octets.reduce(0) { $0 << 8 | UInt128($1) }
    }

    /// The 4 or 16 octets in network order.
    public var octets: [UInt8] {
        stride(from: family.bitWidth - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: bits >> UInt128($0)) }
    }

    /// The address `distance` numbers after this one; nil past either end of the family.
    public func advanced(by distance: Int) -> IPAddress? {
        let magnitude = UInt128(distance.magnitude)
        let (sum, overflow) =
            distance < 0
            ? bits.subtractingReportingOverflow(magnitude) : bits.addingReportingOverflow(magnitude)
        return overflow ? nil : IPAddress(family: family, bits: sum)
    }
}

extension IPAddress: Comparable {
    /// Compares by family, then by number.
    public static func < (left: IPAddress, right: IPAddress) -> Bool {
        left.family == right.family ? left.bits < right.bits : left.family < right.family
    }
}

extension IPAddress: LosslessStringConvertible {
    /// Parses dotted-quad IPv4 or RFC 4291 IPv6 text; nil for anything else.
    public init?(_ text: String) {
        // inet_pton stops at a NUL; a string that holds one is not an address.
        guard !text.utf8.contains(0) else { return nil }
        let family: Family = text.utf8.contains(UInt8(ascii: ":")) ? .ipv6 : .ipv4
        var octets = [UInt8](repeating: 0, count: family.bitWidth / 8)
        let status = unsafe inet_pton(family == .ipv4 ? AF_INET : AF_INET6, text, &octets)
        guard status == 1 else { return nil }
        self.init(octets: octets)
    }

    /// Dotted quad, or IPv6 text shortened as RFC 5952 asks.
    public var description: String {
        if family == .ipv4 {
            return octets.map(String.init).joined(separator: ".")
        }
        let octets = octets
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        _ = unsafe inet_ntop(AF_INET6, octets, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
