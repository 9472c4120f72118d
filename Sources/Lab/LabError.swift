internal import LinuxSystem

/// What keeps a lab from being built or its programs from running, as a sentence.
public struct LabError: Error, Hashable, Sendable, CustomStringConvertible {
    /// `cannot OPERATION: WHY (HINT)`.
    public let description: String

    /// A sentence of its own.
    public init(_ description: String) { self.description = description }

    /// `cannot OPERATION: WHY`, with a hint where there is one.
    init(_ operation: String, _ cause: some Error, hint: String? = nil) {
        description = "cannot \(operation): \(cause)\(hint.map { " (\($0))" } ?? "")"
    }
}

/// Runs `body` and puts its failure into words.
@discardableResult
func attempt<Result: ~Copyable>(
    _ operation: String, _ body: () throws(Errno) -> Result
) throws(LabError) -> Result {
    do throws(Errno) {
        return try body()
    } catch {
        throw LabError(operation, error)
    }
}
