import Addressing
import Glibc
import LinuxSystem

/// TCP over IPv4, as little as the lab's server and its client need; tcp(7), ip(7).
struct InternetSocket: ~Copyable {
    private let socket: OwnedDescriptor

    private static func make() throws(Errno) -> OwnedDescriptor {
        OwnedDescriptor(
            adopting: try checked { Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0) })
    }

    /// Listens on an address.
    init(listeningOn address: IPAddress, port: UInt16) throws(Errno) {
        let socket = try Self.make()
        let raw = socket.withRaw { $0 }
        // So that the same port can be had again at once after a connection; two listeners still clash.
        var on: Int32 = 1
        try checked { unsafe setsockopt(raw, SOL_SOCKET, SO_REUSEADDR, &on, 4) }
        try unsafe Self.withAddress(address, port) { (pointer, size) throws(Errno) in
            _ = try checked { unsafe bind(raw, pointer, size) }
        }
        try checked { listen(raw, 16) }
        self.socket = socket
    }

    /// Connects, and bounds that and every later read by `seconds`.
    init(connectedTo address: IPAddress, port: UInt16, seconds: Int) throws(Errno) {
        let socket = try Self.make()
        let raw = socket.withRaw { $0 }
        try UnixSocket.setTimeouts(.seconds(seconds), on: socket)
        try unsafe Self.withAddress(address, port) { (pointer, size) throws(Errno) in
            _ = try checked { unsafe connect(raw, pointer, size) }
        }
        self.socket = socket
    }

    func withRaw<Result>(_ body: (Int32) -> Result) -> Result { socket.withRaw(body) }

    /// Reads until the other end closes.
    func readText() throws(Errno) -> String { String(decoding: try socket.readAll(limit: 4096), as: UTF8.self) }

    /// Takes one waiting connection, writes a line to it and closes it.
    func answer(_ line: String) throws(Errno) { try answer { _ in line } }

    /// The same with a line made for the client's address.
    func answer(_ line: (IPAddress) -> String) throws(Errno) {
        let connection = try UnixSocket.accept(from: socket, nonBlocking: false)
        let client = try connection.withRaw { raw throws(Errno) in try Self.peer(of: raw) }
        _ = try UnixSocket.send(Array("\(line(client))\n".utf8), on: connection)
    }

    // Sound: the kernel writes no more than `size` octets, and a socket of AF_INET has such an address.
    private static func peer(of raw: Int32) throws(Errno) -> IPAddress {
        var place = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        try checked {
            unsafe withUnsafeMutablePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getpeername(raw, $0, &size) }
            }
        }
        return IPAddress(ipv4: UInt32(bigEndian: place.sin_addr.s_addr))
    }

    // Sound: sockaddr_in is one of the forms of sockaddr, and the pointer does not outlive the call.
    private static func withAddress(
        _ address: IPAddress, _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Void
    ) throws(Errno) {
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
        let result = unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                Result { () throws(Errno) in try unsafe body(pointer, socklen_t(MemoryLayout<sockaddr_in>.size)) }
            }
        }
        try result.get()
    }
}
