public import LinuxSystem

/// Why a client's call failed.
public enum VarlinkClientError: Error, Sendable {
    /// Nobody answers at the path.
    case cannotConnect(path: String, Errno)
    /// The service closed the connection instead of answering.
    case disconnected(path: String, method: String)
    /// The answer did not come in time.
    case timedOut(path: String, method: String)
    /// The connection failed in between.
    case failed(path: String, method: String, Errno)
    /// The parameters cannot be encoded, or what came is no answer to the call.
    case malformed(path: String, method: String, reason: String)
    /// The service answered with an error.
    case reply(VarlinkErrorReply)
}

extension VarlinkClientError: CustomStringConvertible {
    /// What was tried, where, and why it failed.
    public var description: String {
        switch self {
        case .cannotConnect(let path, let cause): "cannot connect to '\(path)': \(cause)"
        case .disconnected(let path, let method): "cannot call '\(method)' at '\(path)': the service hung up"
        case .timedOut(let path, let method): "cannot call '\(method)' at '\(path)': no answer in time"
        case .failed(let path, let method, let cause): "cannot call '\(method)' at '\(path)': \(cause)"
        case .malformed(let path, let method, let reason): "cannot call '\(method)' at '\(path)': \(reason)"
        case .reply(let error): "the service answered: \(error)"
        }
    }
}
