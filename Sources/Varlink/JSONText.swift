internal import FoundationEssentials

/// The few things done to JSON text besides encoding and decoding it.
enum JSONText {
    /// `text` as a JSON string, quotes included.
    static func quoted(_ text: String) -> [UInt8] {
        var octets: [UInt8] = [UInt8(ascii: "\"")]
        for octet in text.utf8 {
            switch octet {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                octets += [UInt8(ascii: "\\"), octet]
            case 0..<0x20:
                let hex = String(octet, radix: 16)
                octets += Array("\\u00\(octet < 16 ? "0" : "")\(hex)".utf8)
            default:
                octets.append(octet)
            }
        }
        octets.append(UInt8(ascii: "\""))
        return octets
    }

    /// Encodes with sorted keys, so that the same value always gives the same octets.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        [UInt8](try encoder.encode(value))
    }

    /// Decodes text whose nesting was checked.
    static func decode<Value: Decodable>(_ type: Value.Type, from octets: [UInt8]) throws -> Value {
        try decoder.decode(type, from: Data(octets))
    }

    private static let decoder = JSONDecoder()
    private static let encoder: JSONEncoder = {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }()
}
