import ClientAPI
import Glibc
import LinuxSystem

/// A socket in a session's network, as /proc/net shows it; proc_pid_net(5).
struct SessionSocket: Encodable, Hashable {
    /// A process that has it.
    struct Process: Encodable, Hashable {
        let pid: Int32
        let name: String
    }

    /// `tcp` or `udp`.
    let `protocol`: String
    /// `listen`, for UDP `bound`; else the state of a connection, as ss(8) calls it.
    let state: String
    let address: String
    let port: UInt16
    /// The other end; nil where there is none.
    let peerAddress: String?
    let peerPort: UInt16?
    /// Whose it is.
    let uid: UInt32
    /// Who has it, of the session's processes that the caller may look into.
    var processes: [Process] = []
    /// Its inode, by which descriptors name it; 0 where no process has it any more.
    let inode: UInt64

    private enum CodingKeys: CodingKey {
        case `protocol`, state, address, port, peerAddress, peerPort, uid, processes
    }

    /// Whether it waits for others, rather than belongs to a connection.
    var isServing: Bool { state == "listen" || state == "bound" }

    /// Reads one line of a file such as `/proc/PID/net/tcp`; nil for its head, and for what has another form.
    init?(line: Substring, protocol name: String) {
        let words = line.split(separator: " ")
        guard words.count >= 10, let local = Self.endpoint(words[1]), let remote = Self.endpoint(words[2]),
            let number = UInt8(words[3], radix: 16), let uid = UInt32(words[7]), let inode = UInt64(words[9])
        else { return nil }
        self.protocol = name
        state = Self.state(number, name)
        (address, port) = local
        let hasPeer = remote.port != 0
        (peerAddress, peerPort) = hasPeer ? (remote.address, remote.port) : (nil, nil)
        self.uid = uid
        self.inode = inode
    }

    /// include/net/tcp_states.h; UDP uses two of them.
    private static func state(_ number: UInt8, _ name: String) -> String {
        if name == "udp" { return number == 7 ? "bound" : "connected" }
        let names = [
            "established", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "closed", "close-wait",
            "last-ack", "listen", "closing", "syn-recv",
        ]
        return (1...names.count).contains(Int(number)) ? names[Int(number) - 1] : "state \(number)"
    }

    /// `0100007F:1FBD`: the address in words of 32 bits, each as this machine reads it, and the port.
    private static func endpoint(_ text: Substring) -> (address: String, port: UInt16)? {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = UInt16(parts[1], radix: 16) else { return nil }
        var octets: [UInt8] = []
        var rest = parts[0]
        while rest.count >= 8 {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            let number = UInt32(bigEndian: word)
            octets += stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
            rest = rest.dropFirst(8)
        }
        return addressText(octets).map { ($0, port) }
    }

    /// inet_ntop(3); an IPv4 address in IPv6 form is shown as what it is.
    private static func addressText(_ octets: [UInt8]) -> String? {
        let isMapped = octets.count == 16 && octets.prefix(10).allSatisfy { $0 == 0 } && octets[10...11] == [255, 255]
        let octets = isMapped ? Array(octets.suffix(4)) : octets
        guard octets.count == 4 || octets.count == 16 else { return nil }
        var text = [CChar](repeating: 0, count: 64)
        let family = octets.count == 4 ? AF_INET : AF_INET6
        guard unsafe inet_ntop(family, octets, &text, socklen_t(text.count)) != nil else { return nil }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    /// `10.77.0.101:5060`, `[::]:22`.
    static func text(_ address: String, _ port: UInt16) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }
}
