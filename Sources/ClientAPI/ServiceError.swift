public import Varlink

/// The errors of io.vipns, for the service to throw and for clients to catch.
public enum ServiceError: Error, Hashable, Sendable {
    /// No session is named so.
    case sessionNotFound(session: String)
    /// More than one session begins so.
    case sessionAmbiguous(session: String, matches: [String])
    /// The configuration has no pool of that name.
    case poolNotFound(pool: String)
    /// No address is left and the pool says deny; `message` is for the user.
    case poolExhausted(pool: String, message: String)
    /// The caller may not do that.
    case permissionDenied(text: String)
    /// The session could not be made; nothing is left of it.
    case openFailed(text: String)
    /// The session is not in a state that allows the call.
    case wrongState(session: String, state: Session.State)
    /// The service cannot reach the helper now.
    case helperUnavailable(text: String)
    /// The configuration has errors; the one in force stays.
    case invalidConfiguration(file: String, problems: [Problem])
    /// The service could not do it for a reason of its own.
    case failed(text: String)
}

extension ServiceError: CustomStringConvertible {
    /// The sentence for an administrator.
    public var description: String {
        switch self {
        case .sessionNotFound(let session): "there is no session '\(session)'"
        case .sessionAmbiguous(let session, let matches):
            "session '\(session)' is ambiguous (\(matches.joined(separator: ", ")))"
        case .poolNotFound(let pool): "there is no pool '\(pool)' (see 'vipns pool')"
        case .poolExhausted(let pool, _): "pool '\(pool)' has no free address"
        case .permissionDenied(let text): "permission denied: \(text)"
        case .openFailed(let text): "cannot open a session: \(text)"
        case .wrongState(let session, let state): "session '\(session)' does not allow that: it is \(state.rawValue)"
        case .helperUnavailable(let text): "cannot reach the helper: \(text) (is vipns-helper running?)"
        case .invalidConfiguration(let file, let problems):
            problems.map { $0.sentence(file: file) }.joined(separator: "\n")
        case .failed(let text): text
        }
    }
}

/// The form on the wire.
extension ServiceError: VarlinkErrorConvertible {
    /// All parameters that any of the errors has.
    private struct Parameters: Codable {
        var session: String?
        var matches: [String]?
        var pool: String?
        var message: String?
        var text: String?
        var state: Session.State?
        var file: String?
        var problems: [Problem]?
    }

    /// The error's name without the interface.
    private var name: String {
        switch self {
        case .sessionNotFound: "SessionNotFound"
        case .sessionAmbiguous: "SessionAmbiguous"
        case .poolNotFound: "PoolNotFound"
        case .poolExhausted: "PoolExhausted"
        case .permissionDenied: "PermissionDenied"
        case .openFailed: "OpenFailed"
        case .wrongState: "WrongState"
        case .helperUnavailable: "HelperUnavailable"
        case .invalidConfiguration: "InvalidConfiguration"
        case .failed: "Failed"
        }
    }

    /// The error as it goes onto the wire.
    public var varlinkReply: VarlinkErrorReply {
        let parameters =
            switch self {
            case .sessionNotFound(let session): Parameters(session: session)
            case .sessionAmbiguous(let session, let matches): Parameters(session: session, matches: matches)
            case .poolNotFound(let pool): Parameters(pool: pool)
            case .poolExhausted(let pool, let message): Parameters(pool: pool, message: message)
            case .wrongState(let session, let state): Parameters(session: session, state: state)
            case .invalidConfiguration(let file, let problems): Parameters(file: file, problems: problems)
            case .permissionDenied(let text), .openFailed(let text), .helperUnavailable(let text), .failed(let text):
                Parameters(text: text)
            }
        return VarlinkErrorReply("\(InterfaceDescription.name).\(name)", parameters)
    }

    /// Reads an error from the wire; nil where it is none of io.vipns.
    public init?(_ reply: VarlinkErrorReply) {
        let prefix = "\(InterfaceDescription.name)."
        guard reply.name.hasPrefix(prefix), let found = reply.parameters(as: Parameters.self) else { return nil }
        switch (String(reply.name.dropFirst(prefix.count)), found.session, found.pool, found.text) {
        case ("SessionNotFound", let session?, _, _): self = .sessionNotFound(session: session)
        case ("SessionAmbiguous", let session?, _, _):
            self = .sessionAmbiguous(session: session, matches: found.matches ?? [])
        case ("PoolNotFound", _, let pool?, _): self = .poolNotFound(pool: pool)
        case ("PoolExhausted", _, let pool?, _): self = .poolExhausted(pool: pool, message: found.message ?? "")
        case ("PermissionDenied", _, _, let text?): self = .permissionDenied(text: text)
        case ("OpenFailed", _, _, let text?): self = .openFailed(text: text)
        case ("WrongState", let session?, _, _):
            guard let state = found.state else { return nil }
            self = .wrongState(session: session, state: state)
        case ("HelperUnavailable", _, _, let text?): self = .helperUnavailable(text: text)
        case ("InvalidConfiguration", _, _, _):
            guard let file = found.file, let problems = found.problems else { return nil }
            self = .invalidConfiguration(file: file, problems: problems)
        case ("Failed", _, _, let text?): self = .failed(text: text)
        default: return nil
        }
    }
}
