import CLinux
import Glibc
import LinuxSystem

/// What arrives at a link, frame by frame; packet(7).
struct Wire: ~Copyable {
    private let socket: OwnedDescriptor

    /// Listens from now on to frames that carry one protocol: an `ETH_P_` number.
    init(on link: String, etherType: UInt16) throws {
        let type = Int32(SOCK_RAW.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = OwnedDescriptor(adopting: try checked { Glibc.socket(AF_PACKET, type, 0) })
        var address = sockaddr_ll()
        address.sll_family = UInt16(AF_PACKET)
        address.sll_protocol = etherType.bigEndian
        address.sll_ifindex = Int32(unsafe if_nametoindex(link))
        let raw = socket.withRaw { $0 }
        try checked {
            unsafe withUnsafePointer(to: &address) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe bind(raw, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
                }
            }
        }
        self.socket = socket
    }

    /// The next frame; nil where none comes in time.
    borrowing func next(within milliseconds: Int32) throws -> [UInt8]? {
        guard socket.isReadable(within: milliseconds) else { return nil }
        var frame = [UInt8](repeating: 0, count: 2048)
        let raw = socket.withRaw { $0 }
        let size = try checked { unsafe read(raw, &frame, frame.count) }
        return Array(frame.prefix(size))
    }
}

/// The parts of a frame that carries ICMPv6.
struct ICMPv6Frame {
    /// Who sent it.
    let source: String
    /// What it says: 135 to 137 are Neighbor Discovery's, 143 is a report of MLDv2.
    let type: UInt8
    /// The whole message.
    let message: ArraySlice<UInt8>

    /// Reads a frame; nil where it carries something else.
    init?(_ frame: [UInt8]) {
        guard frame.count > 62 else { return nil }
        // Reports of multicast listeners have a hop-by-hop header, with a router alert; RFC 3810 §5.
        let hasOptions = frame[20] == 0
        guard frame[20] == 58 || (hasOptions && frame[54] == 58) else { return nil }
        message = frame.dropFirst(hasOptions ? 54 + (Int(frame[55]) + 1) * 8 : 54)
        guard let type = message.first else { return nil }
        self.type = type
        source = Self.text(frame[22..<38])
    }

    /// The addresses of the groups that a report of MLDv2 names; RFC 3810 §5.2.
    var groups: [String] {
        var groups: [String] = []
        var rest = message.dropFirst(8)
        while rest.count >= 20 {
            let record = Array(rest.prefix(20))
            groups.append(Self.text(record[4...]))
            rest = rest.dropFirst(20 + 16 * (Int(record[2]) << 8 | Int(record[3])) + 4 * Int(record[1]))
        }
        return groups
    }

    private static func text(_ octets: ArraySlice<UInt8>) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let address = Array(octets)
        _ = unsafe inet_ntop(AF_INET6, address, &text, socklen_t(text.count))
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
