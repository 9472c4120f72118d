public import LinuxSystem

/// What a service answered: the parameters, and the descriptor where one came.
public struct VarlinkAnswer<Parameters>: ~Copyable {
    /// The decoded parameters.
    public let parameters: Parameters
    private let descriptor: OwnedDescriptor?

    init(_ parameters: Parameters, descriptor: consuming OwnedDescriptor?) {
        self.parameters = parameters
        self.descriptor = descriptor
    }

    /// Gives up the descriptor; where it is not taken it closes with the answer.
    public consuming func takeDescriptor() -> OwnedDescriptor? { descriptor }
}

/// A reply as it comes from the wire, decoded in one go because the client knows what it asked for.
struct ReplyEnvelope<Parameters: Decodable>: Decodable {
    enum Content {
        case parameters(Parameters)
        case error(name: String)
    }

    let content: Content
    let continues: Bool

    private enum CodingKeys: CodingKey {
        case continues, error, parameters
    }

    init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        continues = try fields.decodeIfPresent(Bool.self, forKey: .continues) ?? false
        if let name = try fields.decodeIfPresent(String.self, forKey: .error) {
            content = .error(name: name)
        } else if let parameters = try fields.decodeIfPresent(Parameters.self, forKey: .parameters) {
            content = .parameters(parameters)
        } else {
            content = .parameters(try JSONText.decode(Parameters.self, from: Array("{}".utf8)))
        }
    }
}
