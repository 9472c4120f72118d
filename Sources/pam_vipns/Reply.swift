internal import CPAM

/// What came of a login; `LoginOutcome` in io.vipns.varlink says what each means.
enum LoginOutcome: Equatable {
    case granted
    case isolated
    case shared
    case alone
    case kept
    case host

    /// Whether the caller is to enter a namespace, whose descriptor comes with the answer.
    var needsNamespace: Bool {
        switch self {
        case .granted, .isolated, .host: true
        case .shared, .alone, .kept: false
        }
    }

    /// Whether the login stands in a session afterwards that it has not stood in before.
    var entersSession: Bool {
        switch self {
        case .granted, .isolated: true
        case .shared, .alone, .kept, .host: false
        }
    }
}

/// An answer of the service, read and checked: all texts are of the form that their comment says.
struct Reply: ~Copyable {
    /// What the pieces below stand in.
    var octets: OctetBuffer
    /// The error's name, of letters, digits, `.`, `-` and `_`; nil where the call succeeded.
    var error: Piece?
    /// What came of a login.
    var outcome: LoginOutcome?
    /// The session of the login.
    var session: SessionFacts?
    /// For the user: UTF-8 without control characters, at most 512 octets.
    var message: Piece?
    /// The error's text, of any content.
    var text: Piece?
    /// Whether the answer says that a descriptor comes with it.
    var namesDescriptor = false

    /// What the module needs of a session.
    struct SessionFacts: Equatable {
        /// Eight characters of `a-z2-7`.
        var id: Piece
        /// At most 31 of `a-z0-9-`.
        var pool: Piece
        /// Of the characters that IP addresses are written with, at most 45; nil for a private loopback alone.
        var address: Piece?
        /// The same of a pair's IPv6 address; nil for a session with one address or none.
        var pairedAddress: Piece?
    }

    /// Wraps what is to be read.
    init(_ octets: consuming OctetBuffer) { self.octets = octets }

    /// A text as C string, valid as long as the reply is.
    borrowing func cText(_ piece: Piece) -> CText { octets.cText(piece) }

    /// The message as C string, valid as long as the reply is.
    borrowing func messageText() -> CText? {
        guard let message else { return nil }
        return octets.cText(message)
    }
}
