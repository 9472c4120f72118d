import Glibc
import LinuxSystem

/// A stream socket on which lines go both ways.
final class LineChannel {
    private let socket: OwnedDescriptor
    /// What came and was not taken yet.
    private(set) var unread: [UInt8] = []

    /// Takes ownership of a connected socket.
    init(_ socket: consuming OwnedDescriptor) { self.socket = socket }

    /// Sends a line.
    func say(_ line: String) throws { _ = try UnixSocket.send(Array("\(line)\n".utf8), on: socket) }

    /// Tells the other end that nothing more comes.
    func endOutput() { _ = socket.withRaw { shutdown($0, Int32(SHUT_WR)) } }

    /// The next line; nil where none comes in time, or none comes any more.
    func line(within limit: Duration) -> String? {
        let deadline = ContinuousClock.now + limit
        while true {
            if let end = unread.firstIndex(of: 10) {
                let line = String(decoding: unread[..<end], as: UTF8.self)
                unread.removeSubrange(...end)
                return line
            }
            let left = deadline - ContinuousClock.now
            guard left > .zero, receive(within: left) else { return nil }
        }
    }

    /// Waits for more.
    ///
    /// - Returns: whether anything came.
    func receive(within limit: Duration) -> Bool {
        guard socket.isReadable(within: Int32(clamping: limit.milliseconds)) else { return false }
        guard let octets = try? UnixSocket.receive(limit: 1 << 16, on: socket).octets, !octets.isEmpty else {
            return false
        }
        unread += octets
        return true
    }

    func forgetUnread() { unread = [] }
}
