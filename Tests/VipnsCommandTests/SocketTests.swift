import Testing

@testable import vipns

struct SocketTests {
    private static let head = "   0: "
    private static let tail = " 00000000:00000000 00:00000000 00000000  1000        0 4711 1 ffff 100 0 0 10 0"

    /// Lines as the kernel writes them on a little-endian machine.
    @Test(
        arguments: [
            ("0100007F:1FBD 00000000:0000 0A", "tcp", "tcp listen 127.0.0.1:8125"),
            ("00000000:13C4 00000000:0000 07", "udp", "udp bound 0.0.0.0:5060"),
            ("65004D0A:D431 01004D0A:0016 01", "tcp", "tcp established 10.77.0.101:54321 10.77.0.1:22"),
            ("65004D0A:D431 01004D0A:0035 01", "udp", "udp connected 10.77.0.101:54321 10.77.0.1:53"),
            (
                "00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A", "tcp",
                "tcp listen [::]:22"
            ),
            (
                "00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A", "tcp",
                "tcp listen [::1]:22"
            ),
            (
                "0000000000000000FFFF000065004D0A:0016 0000000000000000FFFF000001004D0A:8000 01", "tcp",
                "tcp established 10.77.0.101:22 10.77.0.1:32768"
            ),
            ("00000000:0001 00000000:0000 FF", "tcp", "tcp state 255 0.0.0.0:1"),
        ] as [(String, String, String)])
    func `a line of proc is read`(text: String, name: String, expected: String) throws {
        let socket = try #require(SessionSocket(line: "\(Self.head)\(text)\(Self.tail)", protocol: name))
        var words = [socket.protocol, socket.state, SessionSocket.text(socket.address, socket.port)]
        if let address = socket.peerAddress, let port = socket.peerPort {
            words.append(SessionSocket.text(address, port))
        }
        #expect(words.joined(separator: " ") == expected)
        #expect(socket.uid == 1000)
        #expect(socket.inode == 4711)
    }

    @Test(
        arguments: [
            "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", "",
            "  0:",
            "\(head)0100007F 00000000:0000 0A\(tail)", "\(head)01007F:1FBD 00000000:0000 0A\(tail)",
            "\(head)0100007F:1FBD 00000000:0000 0AAA\(tail)", "\(head)0100007F:11FBD 00000000:0000 0A\(tail)",
            "\(head)0100007Z:1FBD 00000000:0000 0A\(tail)",
        ])
    func `what is no socket is passed over`(line: String) {
        #expect(SessionSocket(line: line[...], protocol: "tcp") == nil)
    }
}
