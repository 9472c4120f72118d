/// What a call or reply may be made of, looked at by octets before anything reads it as text.
///
/// Swift compares and hashes text by its normal form (Unicode Standard Annex #15), which takes a time that grows with the
/// square of a run of combining marks: a key of 64 KiB of them held up everybody for a second. So keys are plain ASCII, and
/// texts are short where users send them.
struct FrameBounds {
    /// How deep objects and lists may lie in each other; the JSON parser recurses, and a thread's stack is small.
    static let maximumNesting = 32
    /// The octets of a key.
    static let maximumKeyOctets = 64

    /// How many members and elements there may be in all.
    let maximumValues: Int
    /// The octets of a text, as it stands in the frame.
    let maximumTextOctets: Int

    /// Of a call.
    static func call(maximumTextOctets: Int) -> Self { Self(maximumValues: 256, maximumTextOctets: maximumTextOctets) }

    /// Of a reply, which comes from whom the client has asked.
    static let reply = Self(maximumValues: .max, maximumTextOctets: .max)

    /// Whether a frame keeps to them; a frame that is no JSON may do so.
    func permit(_ frame: [UInt8]) -> Bool {
        var depth = 0
        var values = 0
        var text = Text()
        var inText = false
        for octet in frame {
            if inText {
                inText = text.take(octet)
                if text.octets > maximumTextOctets { return false }
                continue
            }
            switch octet {
            case UInt8(ascii: "\""):
                inText = true
                text = Text()
            case UInt8(ascii: ":"):
                // The text before it was a key.
                if !text.isPlain || text.octets > Self.maximumKeyOctets { return false }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                values += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ","): values += 1
            default: break
            }
            if depth > Self.maximumNesting || values > maximumValues { return false }
        }
        return true
    }

    /// A string of JSON while it is read.
    private struct Text {
        /// Those between the quotes.
        var octets = 0
        /// Whether all of them are ASCII and mean themselves.
        var isPlain = true
        private var isEscaped = false

        /// - Returns: whether it goes on.
        mutating func take(_ octet: UInt8) -> Bool {
            if isEscaped {
                isEscaped = false
            } else if octet == UInt8(ascii: "\\") {
                isEscaped = true
                isPlain = false
            } else if octet == UInt8(ascii: "\"") {
                return false
            }
            octets += 1
            if octet >= 0x80 { isPlain = false }
            return true
        }
    }
}
