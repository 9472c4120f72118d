/// Reads an answer of the service: one JSON object, of which the members that are known here are taken and checked.
///
/// Members that are not known are passed over: a later version of the service may send more. It runs as root in a login
/// program; Tests/Fuzz/PAMReplyFuzz feeds it.
struct ReplyReader: ~Copyable {
    /// The longest answer that is read.
    static let octetLimit = 16_384

    private var scanner: JSONScanner
    private var error: Piece?
    private var outcome: LoginOutcome?
    private var session: Reply.SessionFacts?
    private var message: Piece?
    private var text: Piece?
    private var namesDescriptor = false

    /// Reads a frame, without its NUL.
    ///
    /// - Throws: ``Failure/malformed(_:)``.
    static func read(_ octets: consuming OctetBuffer) throws(Failure) -> Reply {
        var reader = ReplyReader(scanner: JSONScanner(octets))
        try reader.readReply()
        return reader.finish()
    }

    private init(scanner: consuming JSONScanner) { self.scanner = scanner }

    private consuming func finish() -> Reply {
        let (error, outcome, session) = (error, outcome, session)
        let (message, text, namesDescriptor) = (message, text, namesDescriptor)
        var reply = Reply(scanner.finish())
        reply.error = error
        reply.outcome = outcome
        reply.session = session
        reply.message = message
        reply.text = text
        reply.namesDescriptor = namesDescriptor
        return reply
    }

    /// Whether the parameters are an error's shows `error`, which may stand behind them: so they are read last.
    private mutating func readReply() throws(Failure) {
        var parameters: Int?
        var isFirst = true
        try scanner.beginObject()
        while let key = try scanner.nextKey(&isFirst) {
            if scanner.octets.matches(key, "error") {
                guard error == nil else { throw .malformed("it says a thing twice") }
                error = try readText(.errorName)
            } else if scanner.octets.matches(key, "parameters") {
                guard parameters == nil else { throw .malformed("it says a thing twice") }
                _ = scanner.peek()
                parameters = scanner.position
                try scanner.skipValue()
            } else {
                try scanner.skipValue()
            }
        }
        guard scanner.isAtEnd() else { throw .malformed("something follows it") }
        guard let parameters else { return }
        scanner.rewind(to: parameters)
        if error == nil { try readParameters() } else { try readErrorParameters() }
    }

    private mutating func readParameters() throws(Failure) {
        if try scanner.skipNull() { return }
        var isFirst = true
        try scanner.beginObject()
        while let key = try scanner.nextKey(&isFirst) {
            if scanner.octets.matches(key, "outcome") {
                guard outcome == nil else { throw .malformed("it says a thing twice") }
                outcome = try readOutcome()
            } else if scanner.octets.matches(key, "session") {
                guard session == nil else { throw .malformed("it says a thing twice") }
                session = try readSession()
            } else if scanner.octets.matches(key, "message") {
                guard message == nil else { throw .malformed("it says a thing twice") }
                message = try readText(.message)
            } else if scanner.octets.matches(key, "namespace") {
                guard !namesDescriptor else { throw .malformed("it says a thing twice") }
                namesDescriptor = try readIndex()
            } else {
                try scanner.skipValue()
            }
        }
    }

    /// Other errors than the one that is known may use the same names for other things.
    private mutating func readErrorParameters() throws(Failure) {
        if try scanner.skipNull() { return }
        var isFirst = true
        try scanner.beginObject()
        while let key = try scanner.nextKey(&isFirst) {
            let isMessage = message == nil && scanner.octets.matches(key, "message")
            let isText = text == nil && scanner.octets.matches(key, "text")
            guard isMessage || isText, scanner.peek() == 0x22 else {
                try scanner.skipValue()
                continue
            }
            let piece = try scanner.string()
            if isText { text = piece }
            if isMessage && TextForm.message.holds(for: piece, in: scanner.octets) { message = piece }
        }
    }

    private mutating func readSession() throws(Failure) -> Reply.SessionFacts? {
        if try scanner.skipNull() { return nil }
        var id: Piece?
        var pool: Piece?
        var address: Piece?
        var pairedAddress: Piece?
        var isFirst = true
        try scanner.beginObject()
        while let key = try scanner.nextKey(&isFirst) {
            if scanner.octets.matches(key, "id") {
                guard id == nil else { throw .malformed("it says a thing twice") }
                id = try readText(.sessionID)
            } else if scanner.octets.matches(key, "pool") {
                guard pool == nil else { throw .malformed("it says a thing twice") }
                pool = try readText(.poolName)
            } else if scanner.octets.matches(key, "address") {
                guard address == nil else { throw .malformed("it says a thing twice") }
                address = try readText(.address)
            } else if scanner.octets.matches(key, "pairedAddress") {
                guard pairedAddress == nil else { throw .malformed("it says a thing twice") }
                pairedAddress = try readText(.address)
            } else {
                try scanner.skipValue()
            }
        }
        guard let id, let pool else { throw .malformed("its session has no id or no pool") }
        return Reply.SessionFacts(id: id, pool: pool, address: address, pairedAddress: pairedAddress)
    }

    /// A text of that form; nil for `null`.
    private mutating func readText(_ form: TextForm) throws(Failure) -> Piece? {
        if try scanner.skipNull() { return nil }
        let piece = try scanner.string()
        guard form.holds(for: piece, in: scanner.octets) else { throw .malformed(form.complaint) }
        return piece
    }

    private mutating func readOutcome() throws(Failure) -> LoginOutcome? {
        if try scanner.skipNull() { return nil }
        let word = try scanner.string()
        if scanner.octets.matches(word, "granted") { return .granted }
        if scanner.octets.matches(word, "isolated") { return .isolated }
        if scanner.octets.matches(word, "shared") { return .shared }
        if scanner.octets.matches(word, "alone") { return .alone }
        if scanner.octets.matches(word, "kept") { return .kept }
        if scanner.octets.matches(word, "host") { return .host }
        throw .malformed("its outcome is not known here")
    }

    /// The index of a descriptor: 0, since one at most comes; false for `null`.
    private mutating func readIndex() throws(Failure) -> Bool {
        if try scanner.skipNull() { return false }
        let start = scanner.position
        try scanner.skipValue()
        guard scanner.position == start &+ 1, scanner.octets[start] == 0x30 else {
            throw .malformed("it names a descriptor other than the first")
        }
        return true
    }
}
