internal import CLinux
internal import CPAM

/// One line for the log, put together piece by piece; what came from outside cannot break out of it.
struct LogLine: ~Copyable {
    private var octets: OctetBuffer

    /// An empty line of at most 1000 octets; what is longer is cut.
    init() throws(Failure) { octets = try OctetBuffer(capacity: 1000) }

    /// The line, valid as long as this value is and unchanged.
    var cText: CText { octets.cText }

    /// Adds a literal.
    mutating func append(_ text: Literal) { octets.append(text) }

    /// Adds a text from outside; control characters and what is no UTF-8 become `?`.
    mutating func append(_ text: CText) {
        var index = 0
        while text[index] != 0 {
            let length = text.characterLength(at: index)
            if length == 0 || text.isControl(at: index) {
                octets.append(0x3F)
            } else {
                octets.append(text, index, length)
            }
            index &+= max(length, 1)
        }
    }

    /// Adds a literal and a text from outside in single quotes.
    mutating func append(_ words: Literal, quoting text: CText) {
        octets.append(words)
        octets.append(0x27)
        append(text)
        octets.append(0x27)
    }

    /// Adds a colon and the text of an error number.
    mutating func append(error number: CInt) {
        octets.append(": ")
        if let text = unsafe vipns_error_text(number) {
            append(unsafe CText(borrowing: text))
        } else {
            octets.append("unknown error")
        }
    }
}
