internal import Addressing
internal import CProtocol
internal import Netlink

/// A datagram that breaks the protocol of the helper channel, which ends there.
public enum HelperChannelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// A length, type, attribute or value that the protocol does not have.
    case malformed(String)

    /// `malformed message on the helper channel: WHAT`.
    public var description: String {
        switch self {
        case .malformed(let what): "malformed message on the helper channel: \(what)"
        }
    }
}

/// The layout of `vipns_helper.h`, read and written through the codec of the kernel's own messages.
enum HelperMessage {
    /// Writes one datagram.
    static func encode(
        _ type: vipns_message, sequence: UInt32, _ body: (inout NetlinkRequest) -> Void
    ) throws(HelperChannelError) -> [UInt8] {
        var message = NetlinkRequest(capacity: Int(VIPNS_MESSAGE_SIZE))
        message.begin(type: UInt16(type.rawValue), flags: 0, sequence: sequence, purpose: "")
        body(&message)
        guard let octets = message.octets else { throw .malformed("longer than \(VIPNS_MESSAGE_SIZE) octets") }
        return octets
    }

    /// The attributes of one datagram, each taken out once; what is left over at the end breaks the protocol.
    struct Fields {
        let type: vipns_message
        let sequence: UInt32
        private var rest: [UInt16: ArraySlice<UInt8>]

        init(_ datagram: [UInt8]) throws(HelperChannelError) {
            guard datagram.count <= VIPNS_MESSAGE_SIZE, let messages = NetlinkMessage.split(datagram),
                let message = messages.first, messages.count == 1,
                let attributes = message.attributes(afterHeader: 0)
            else { throw .malformed("lengths") }
            guard message.port == 0, message.flags == 0 else {
                throw .malformed("port \(message.port) or flags \(message.flags)")
            }
            type = vipns_message(UInt32(message.type))
            sequence = message.sequence
            rest = [:]
            for attribute in attributes.all {
                guard rest.updateValue(attribute.payload, forKey: attribute.type) == nil else {
                    throw .malformed("attribute \(attribute.type) twice")
                }
            }
        }

        /// Makes sure that nothing unknown came along.
        func finish() throws(HelperChannelError) {
            if let unknown = rest.keys.min() {
                throw .malformed("attribute \(unknown) in a message of type \(type.rawValue)")
            }
        }

        func has(_ attribute: vipns_attribute) -> Bool { rest[UInt16(attribute.rawValue)] != nil }

        mutating func optional(_ attribute: vipns_attribute) -> ArraySlice<UInt8>? {
            rest.removeValue(forKey: UInt16(attribute.rawValue))
        }

        mutating func octets(_ attribute: vipns_attribute) throws(HelperChannelError) -> ArraySlice<UInt8> {
            guard let payload = optional(attribute) else {
                throw .malformed("attribute \(attribute.rawValue) is missing")
            }
            return payload
        }

        mutating func number<Number: FixedWidthInteger>(
            _ attribute: vipns_attribute
        ) throws(HelperChannelError) -> Number {
            let payload = try octets(attribute)
            guard payload.count == MemoryLayout<Number>.size, let number = payload.number(at: 0, Number.self) else {
                throw .malformed("size of attribute \(attribute.rawValue)")
            }
            return number
        }

        mutating func flag(_ attribute: vipns_attribute) throws(HelperChannelError) -> Bool {
            let number: UInt8 = try number(attribute)
            guard number <= 1 else { throw .malformed("value of attribute \(attribute.rawValue)") }
            return number == 1
        }

        mutating func text(_ attribute: vipns_attribute) throws(HelperChannelError) -> String {
            let payload = try octets(attribute)
            guard payload.last == 0, let text = String(validating: payload.dropLast(), as: UTF8.self),
                !text.utf8.contains(0)
            else { throw .malformed("text of attribute \(attribute.rawValue)") }
            return text
        }
    }
}
