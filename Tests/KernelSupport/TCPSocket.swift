public import Addressing
internal import Glibc
public import LinuxSystem

/// TCP in the calling thread's namespace, for what only a real connection shows; tcp(7).
public enum TCPSocket {
    /// Listens on all addresses of a family.
    public static func listen(port: UInt16, _ family: IPAddress.Family = .ipv4) throws(Errno) -> OwnedDescriptor {
        let socket = try make(family)
        let raw = socket.withRaw { $0 }
        let any = family == .ipv4 ? IPAddress(ipv4: 0) : IPAddress(ipv6: 0)
        try unsafe withAddress(any, port) { unsafe bind(raw, $0, $1) }
        try checked { Glibc.listen(raw, 16) }
        return socket
    }

    /// Connects within 2 s.
    public static func connect(to address: IPAddress, port: UInt16) throws(Errno) -> OwnedDescriptor {
        let socket = try make(address.family)
        let raw = socket.withRaw { $0 }
        try UnixSocket.setTimeouts(.seconds(2), on: socket)
        try unsafe withAddress(address, port) { unsafe Glibc.connect(raw, $0, $1) }
        return socket
    }

    /// Sends until the peer, which does not read, takes no more: what is left then waits in this namespace.
    public static func fill(_ socket: borrowing OwnedDescriptor) throws(Errno) {
        try socket.setNonBlocking()
        let raw = socket.withRaw { $0 }
        let octets = [UInt8](repeating: 1, count: 1 << 16)
        while true {
            do throws(Errno) {
                try checked { unsafe send(raw, octets, octets.count, Int32(MSG_NOSIGNAL)) }
            } catch .wouldBlock {
                return
            }
        }
    }

    private static func make(_ family: IPAddress.Family) throws(Errno) -> OwnedDescriptor {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        return OwnedDescriptor(
            adopting: try checked { socket(family == .ipv4 ? AF_INET : AF_INET6, type, 0) })
    }

    private static func withAddress(
        _ address: IPAddress, _ port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) {
        guard address.family == .ipv4 else {
            var place = sockaddr_in6()
            place.sin6_family = sa_family_t(AF_INET6)
            place.sin6_port = port.bigEndian
            unsafe withUnsafeMutableBytes(of: &place.sin6_addr) { unsafe $0.copyBytes(from: address.octets) }
            try unsafe call(place, body)
            return
        }
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        place.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.bits).bigEndian
        try unsafe call(place, body)
    }

    private static func call<Place>(
        _ place: Place, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(Errno) {
        try checked {
            unsafe withUnsafePointer(to: place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { sockaddr in
                    unsafe body(sockaddr, socklen_t(MemoryLayout<Place>.size))
                }
            }
        }
    }
}
