/// A process that keeps a session's namespace alive; `type Holder` of io.vipns.
public struct Holder: Codable, Hashable, Sendable, CustomStringConvertible {
    /// The process.
    public let pid: Int32
    /// Its program, 15 octets at most; empty where that cannot be told.
    public let program: String
    /// By what it holds the namespace.
    public let means: Means

    /// By what a process holds a namespace.
    public enum Means: String, Codable, Sendable, CaseIterable {
        /// It stands in it.
        case process
        /// A descriptor of it.
        case descriptor
        /// A mount of it, in the process's own mount namespace.
        case mount
        /// A socket that was made in it, or accepted from a client in it.
        case socket
    }

    /// Puts the facts together.
    public init(pid: Int32, program: String, means: Means) {
        self.pid = pid
        self.program = program
        self.means = means
    }

    /// `process 4711 (sleep), by a socket`.
    public var description: String {
        let name = program.isEmpty ? "process \(pid)" : "process \(pid) (\(program))"
        return switch means {
        case .process: name
        case .descriptor: "\(name), by a descriptor"
        case .mount: "\(name), by a mount"
        case .socket: "\(name), by a socket"
        }
    }
}
