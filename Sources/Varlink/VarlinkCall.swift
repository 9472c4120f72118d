/// One call as it came from a client: the method, how it wants to be answered, and parameters not yet decoded.
public struct VarlinkCall: Sendable {
    /// The method with its interface, such as `org.varlink.service.GetInfo`.
    public let method: String
    /// Whether the client takes several replies.
    public let wantsMore: Bool
    /// Whether the client wants no reply at all.
    public let isOneway: Bool
    /// Whether the client wants to leave the protocol after the reply; no method of ours lets it.
    let wantsUpgrade: Bool
    /// The whole message.
    ///
    /// Parameters are decoded from it once, by who knows their type.
    private let frame: [UInt8]

    private struct Envelope: Decodable {
        let method: String
        let more: Bool?
        let oneway: Bool?
        let upgrade: Bool?
    }

    /// Reads a frame; nil where it is no call, or goes beyond what a call may be made of.
    public init?(frame: [UInt8], maximumTextOctets: Int = .max) {
        guard FrameBounds.call(maximumTextOctets: maximumTextOctets).permit(frame),
            let envelope = try? JSONText.decode(Envelope.self, from: frame),
            envelope.method.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        self.method = envelope.method
        self.wantsMore = envelope.more ?? false
        self.isOneway = envelope.oneway ?? false
        self.wantsUpgrade = envelope.upgrade ?? false
        self.frame = frame
    }

    /// Decodes the parameters; missing ones count as an empty object.
    ///
    /// - Throws: `org.varlink.service.InvalidParameter` with the name of the parameter that does not fit.
    public func parameters<Parameters: Decodable>(as type: Parameters.Type) throws(VarlinkErrorReply) -> Parameters {
        do {
            return try ParametersEnvelope<Parameters>.decode(from: frame)
        } catch let error as DecodingError {
            throw .invalidParameter(error.parameterName)
        } catch {
            throw .invalidParameter("parameters")
        }
    }

    /// The octets of a call as a client sends it, without the NUL.
    static func encode(method: String, parameters: some Encodable, more: Bool) throws -> [UInt8] {
        var frame = Array("{\"method\":".utf8)
        frame += JSONText.quoted(method)
        frame += Array(",\"parameters\":".utf8)
        frame += try JSONText.encode(parameters)
        frame += Array((more ? ",\"more\":true}" : "}").utf8)
        return frame
    }
}

/// What calls, replies and errors have in common: an object of parameters that may be missing.
struct ParametersEnvelope<Parameters: Decodable>: Decodable {
    private let parameters: Parameters?

    static func decode(from frame: [UInt8]) throws -> Parameters {
        if let parameters = try JSONText.decode(Self.self, from: frame).parameters { return parameters }
        return try JSONText.decode(Parameters.self, from: Array("{}".utf8))
    }
}

extension DecodingError {
    /// The parameter that could not be decoded, with dots where it lies inside another.
    var parameterName: String {
        let path: [any CodingKey]
        switch self {
        case .keyNotFound(let key, let context): path = context.codingPath + [key]
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            path = context.codingPath
        @unknown default: path = []
        }
        let names = path.map(\.stringValue).drop { $0 == "parameters" }
        return names.isEmpty ? "parameters" : names.joined(separator: ".")
    }
}
