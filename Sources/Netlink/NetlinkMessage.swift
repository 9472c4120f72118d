internal import CLinux

/// One received netlink message: its header, and its body by bounds-checked access only.
public struct NetlinkMessage: Sendable {
    /// What kind of message: `RTM_…`, or `NLMSG_…` below 16.
    public let type: UInt16
    /// `NLM_F_…`.
    public let flags: UInt16
    /// The sequence number of the request that this answers; 0 for an event.
    public let sequence: UInt32
    /// The port that the message is for.
    public let port: UInt32
    /// All that follows the 16 octets of the header.
    public let body: ArraySlice<UInt8>

    /// Takes the messages of one datagram apart.
    ///
    /// - Returns: nil where a length points outside of the datagram or into its own header.
    public static func split(_ datagram: [UInt8]) -> [NetlinkMessage]? {
        var rest = datagram[...]
        var messages: [NetlinkMessage] = []
        while !rest.isEmpty {
            guard let length = rest.number(at: 0, UInt32.self).map(Int.init), length >= 16, length <= rest.count,
                let message = NetlinkMessage(rest.prefix(length))
            else { return nil }
            messages.append(message)
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }

    private init?(_ octets: ArraySlice<UInt8>) {
        guard let type = octets.number(at: 4, UInt16.self), let flags = octets.number(at: 6, UInt16.self),
            let sequence = octets.number(at: 8, UInt32.self), let port = octets.number(at: 12, UInt32.self)
        else { return nil }
        self.type = type
        self.flags = flags
        self.sequence = sequence
        self.port = port
        self.body = octets.dropFirst(16)
    }

    /// The attributes after a fixed header of `size` octets; nil where they are malformed.
    public func attributes(afterHeader size: Int) -> NetlinkAttributes? {
        guard body.count >= size else { return nil }
        return NetlinkAttributes(body.dropFirst((size + 3) & ~3))
    }

    /// The kernel's answer to a request: nil for another kind of message, else 0 or the positive error number.
    public var acknowledgement: (error: Int32, text: String?)? {
        guard type == UInt16(NLMSG_ERROR), let number = body.number(at: 0, Int32.self) else { return nil }
        // Wrapping: the lowest number has no positive twin.
        let error = 0 &- number
        guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return (error, nil) }
        // With NETLINK_CAP_ACK only the header of the refused request comes back, before the attributes.
        let attributes = NetlinkAttributes(body.dropFirst(4 + 16))
        return (error, attributes?.string(NLMSGERR_ATTR_MSG.rawValue))
    }
}

/// The attributes of one message or nest, found by type; unknown ones are skipped.
public struct NetlinkAttributes: Sendable {
    /// Type, without the flag bits, and payload, in order.
    public let all: [(type: UInt16, payload: ArraySlice<UInt8>)]

    /// Takes attributes apart; nil where a length points outside.
    public init?(_ octets: ArraySlice<UInt8>) {
        var rest = octets
        var all: [(type: UInt16, payload: ArraySlice<UInt8>)] = []
        while rest.count >= 4 {
            guard let length = rest.number(at: 0, UInt16.self).map(Int.init), length >= 4, length <= rest.count,
                let type = rest.number(at: 2, UInt16.self)
            else { return nil }
            // The two top bits are NLA_F_NESTED and NLA_F_NET_BYTEORDER.
            all.append((type & 0x3fff, rest.prefix(length).dropFirst(4)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        guard rest.isEmpty else { return nil }
        self.all = all
    }

    /// The payload of the last attribute of that type.
    public func octets(_ type: some BinaryInteger) -> ArraySlice<UInt8>? {
        all.last { $0.type == UInt16(type) }?.payload
    }

    /// A number in host order; nil where it is missing or of another size.
    public func number<Number: FixedWidthInteger>(_ type: some BinaryInteger, _: Number.Type) -> Number? {
        guard let payload = octets(type), payload.count == MemoryLayout<Number>.size else { return nil }
        return payload.number(at: 0, Number.self)
    }

    /// Text up to its closing NUL; nil where it is missing.
    public func string(_ type: some BinaryInteger) -> String? {
        octets(type).map { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// The attributes inside an attribute; nil where it is missing or malformed.
    public func nest(_ type: some BinaryInteger) -> NetlinkAttributes? {
        octets(type).flatMap { NetlinkAttributes($0) }
    }
}

extension ArraySlice<UInt8> {
    /// A number in host order at an offset from the slice's start; nil past its end.
    public func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number? {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, count - offset >= size else { return nil }
        var value = Number.zero
        for index in (0..<size).reversed() {
            // Netlink speaks host order; all supported machines are little-endian, and the build says so below.
            value = value << 8 | Number(truncatingIfNeeded: self[startIndex + offset + index])
        }
        return value
    }
}

#if _endian(big)
    #error("netlink numbers are read as little-endian")
#endif
