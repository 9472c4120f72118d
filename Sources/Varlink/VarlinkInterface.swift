/// An interface that a service offers: its name, its description, and what answers each method.
public struct VarlinkInterface: Sendable {
    /// The name, such as `org.varlink.service`.
    public let name: String
    /// The text of the `.varlink` file.
    public let description: String
    /// What answers, by the method's name without the interface.
    public let methods: [String: VarlinkMethod]

    /// Puts the three together.
    public init(name: String, description: String, methods: [String: VarlinkMethod]) {
        self.name = name
        self.description = description
        self.methods = methods
    }

    /// Whether the description has a method of this name, answered or not.
    func declares(_ method: String) -> Bool {
        description.split(separator: "\n").contains { line in
            let words = line.split(separator: " ")
            guard words.count > 1, words[0] == "method" else { return false }
            return words[1].prefix { $0 != "(" } == method
        }
    }
}

/// What answers a method.
///
/// A handler runs on the loop that does the server's input and output: what takes long or blocks must be behind an
/// `await`. It throws a ``VarlinkErrorConvertible`` to answer with an error.
public struct VarlinkMethod: Sendable {
    /// Answers a call with one reply.
    public typealias Handler = @Sendable (VarlinkCall, VarlinkConnection) async throws -> VarlinkReply
    /// Answers a call with replies, the last of which it returns.
    public typealias StreamHandler = @Sendable (VarlinkCall, VarlinkReplyStream) async throws -> VarlinkReply

    enum Kind: Sendable {
        case single(Handler)
        case stream(requiresMore: Bool, StreamHandler)
    }

    let kind: Kind

    /// One reply.
    ///
    /// The handler is not cancelled when the client goes: what it began it ends.
    public static func single(_ handler: @escaping Handler) -> VarlinkMethod {
        VarlinkMethod(kind: .single(handler))
    }

    /// Several replies.
    ///
    /// The handler's task is cancelled when the client goes.
    ///
    /// With `requiresMore` a call without `more` is answered by ExpectedMore and the handler never runs; otherwise it must
    /// look at ``VarlinkCall/wantsMore`` itself and send nothing but the returned reply where that is false.
    public static func stream(requiresMore: Bool, _ handler: @escaping StreamHandler) -> VarlinkMethod {
        VarlinkMethod(kind: .stream(requiresMore: requiresMore, handler))
    }
}
