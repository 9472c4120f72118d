/// The name of a session: eight characters of `a`-`z` and `2`-`7`, 40 random bits.
///
/// It becomes a path component, so this grammar is checked wherever one comes in.
public struct SessionID: Hashable, Sendable, LosslessStringConvertible {
    /// The eight characters.
    public let description: String

    private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

    /// Checks the grammar; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 8, text.utf8.allSatisfy(Self.alphabet.contains) else { return nil }
        self.description = text
    }

    /// Draws a new one from the kernel's generator; getrandom(2).
    public static func random() -> SessionID {
        var generator = SystemRandomNumberGenerator()
        let characters = (0..<8).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] }
        return SessionID(unchecked: String(decoding: characters, as: UTF8.self))
    }

    private init(unchecked text: String) { self.description = text }
}
