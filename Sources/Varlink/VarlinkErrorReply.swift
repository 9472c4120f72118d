/// An error as it stands on the wire: a name that begins with its interface, and parameters.
///
/// Handlers throw it to answer with an error; clients get it from ``VarlinkClientError/reply(_:)``.
public struct VarlinkErrorReply: Error, Sendable {
    /// The whole name, such as `org.varlink.service.MethodNotFound`.
    public let name: String
    /// The whole message, without the NUL.
    let frame: [UInt8]

    /// Makes an error without parameters.
    public init(_ name: String) {
        self.init(name, encoded: Array("{}".utf8))
    }

    /// Makes an error; `parameters` must encode as an object.
    ///
    /// Where they cannot be encoded the error goes without.
    public init(_ name: String, _ parameters: some Encodable) {
        self.init(name, encoded: (try? JSONText.encode(parameters)) ?? Array("{}".utf8))
    }

    private init(_ name: String, encoded parameters: [UInt8]) {
        self.name = name
        self.frame =
            Array("{\"error\":".utf8) + JSONText.quoted(name) + Array(",\"parameters\":".utf8) + parameters
            + Array("}".utf8)
    }

    /// Keeps what a service answered.
    init(name: String, received frame: [UInt8]) {
        self.name = name
        self.frame = frame
    }

    /// Decodes the parameters; nil where they do not fit.
    public func parameters<Parameters: Decodable>(as type: Parameters.Type) -> Parameters? {
        try? ParametersEnvelope<Parameters>.decode(from: frame)
    }
}

extension VarlinkErrorReply: CustomStringConvertible {
    /// The name, and of the standard errors what they are about.
    public var description: String {
        guard let subject = parameters(as: StandardErrorSubject.self)?.text else { return "error \(name)" }
        return "error \(name) for '\(subject)'"
    }
}

/// An error that knows how it is told to clients.
public protocol VarlinkErrorConvertible: Error {
    /// The error as it goes onto the wire.
    var varlinkReply: VarlinkErrorReply { get }
}

extension VarlinkErrorReply: VarlinkErrorConvertible {
    /// Itself.
    public var varlinkReply: VarlinkErrorReply { self }
}

/// The one parameter that an error of `org.varlink.service` has.
private struct StandardErrorSubject: Decodable {
    let interface: String?
    let method: String?
    let parameter: String?
    var text: String? { interface ?? method ?? parameter }
}

/// The errors that every service may answer with; org.varlink.service.
extension VarlinkErrorReply {
    /// There is no such interface.
    public static func interfaceNotFound(_ interface: String) -> VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.InterfaceNotFound", ["interface": interface])
    }

    /// The interface has no such method.
    public static func methodNotFound(_ method: String) -> VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.MethodNotFound", ["method": method])
    }

    /// The interface has the method, but this service does not.
    public static func methodNotImplemented(_ method: String) -> VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.MethodNotImplemented", ["method": method])
    }

    /// A parameter is missing or does not fit.
    public static func invalidParameter(_ parameter: String) -> VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.InvalidParameter", ["parameter": parameter])
    }

    /// The client may not call the method.
    public static var permissionDenied: VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.PermissionDenied")
    }

    /// The method has to be called with `more`.
    public static var expectedMore: VarlinkErrorReply {
        VarlinkErrorReply("org.varlink.service.ExpectedMore")
    }
}
