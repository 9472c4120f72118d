import Addressing
import HelperChannel
import Netlink
import Testing

/// The channel's messages, octet by octet, as `vipns_helper.h` has them; little-endian.
struct GoldenTests {
    @Test func `make`() throws {
        let request = HelperRequest.make(try Samples.session(), number: 0x100002)
        // swift-format-ignore
        #expect(try request.encoded(sequence: 3) == [
            40, 0, 0, 0, 36, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_MAKE, sequence 3
            13, 0, 2, 0, 0x6b, 0x37, 0x66, 0x33, 0x71, 0x32, 0x6d, 0x35, 0, 0, 0, 0, // SESSION "k7f3q2m5"
            8, 0, 3, 0, 0x02, 0, 0x10, 0,                                          // NUMBER 0x100002
        ])
    }

    @Test func `connect`() throws {
        let request = HelperRequest.connect(try Samples.session(), link: try Samples.link(mode: .vepa))
        // swift-format-ignore
        #expect(try request.encoded(sequence: 4) == [
            88, 0, 0, 0, 37, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_CONNECT, sequence 4
            13, 0, 2, 0, 0x6b, 0x37, 0x66, 0x33, 0x71, 0x32, 0x6d, 0x35, 0, 0, 0, 0, // SESSION "k7f3q2m5"
            9, 0, 5, 0, 0x6c, 0x61, 0x6e, 0x30, 0, 0, 0, 0,                        // PARENT "lan0"
            8, 0, 6, 0, 2, 0, 0, 0,                                                // MODE vepa
            10, 0, 7, 0, 0x02, 0, 0x0a, 0x4d, 0, 0x65, 0, 0,                       // MAC
            8, 0, 8, 0, 10, 77, 0, 101,                                            // ADDRESS
            8, 0, 9, 0, 24, 0, 0, 0,                                               // PREFIX_LENGTH
            8, 0, 10, 0, 10, 77, 0, 1,                                             // GATEWAY
        ])
    }

    @Test func `reload and settle`() throws {
        // swift-format-ignore
        #expect(try HelperRequest.reload(checksum: 0x0102_0304_0506_0708).encoded(sequence: 6) == [
            28, 0, 0, 0, 47, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_RELOAD, sequence 6
            12, 0, 17, 0, 8, 7, 6, 5, 4, 3, 2, 1,                                  // CHECKSUM
        ])
        // swift-format-ignore
        #expect(try HelperRequest.settle(checksum: 1).encoded(sequence: 7) == [
            28, 0, 0, 0, 48, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_SETTLE, sequence 7
            12, 0, 17, 0, 1, 0, 0, 0, 0, 0, 0, 0,                                  // CHECKSUM
        ])
    }

    @Test(arguments: [("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)])
    func `the checksum is FNV-1a, by the vectors of its authors`(text: String, checksum: UInt64) {
        #expect(HelperProtocol.checksum(of: text.utf8) == checksum)
    }

    @Test func `make with what a pool asks for`() throws {
        let request = HelperRequest.make(
            try Samples.session(), number: 0x100002, preparation: try Samples.preparation())
        // swift-format-ignore
        let parts: [[UInt8]] = [
            [192, 0, 0, 0, 36, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0],                      // VIPNS_MSG_MAKE, sequence 3
            [13, 0, 2, 0], Array("k7f3q2m5".utf8), [0, 0, 0, 0],                      // SESSION, padded
            [8, 0, 3, 0, 0x02, 0, 0x10, 0],                                           // NUMBER 0x100002
            [21, 0, 18, 0], Array("/etc/vipns/a.nft".utf8), [0, 0, 0, 0],             // FIREWALL, padded
            [36, 0, 19, 0], Array("net.ipv4.tcp_keepalive_time".utf8), [0],           // SYSCTLS: a name
            Array("600".utf8), [0],                                                   //   and its value
            [33, 0, 20, 0], Array("net.ipv4.ip_local_port_range".utf8), [0, 0, 0, 0], // INHERIT: a name, padded
            [36, 0, 27, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 53],   // ASKED: 127.0.0.53 in IPv6 form,
            [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53],              //   2001:db8::53
            [20, 0, 28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 77, 0, 53],   // ANSWERING: 10.77.0.53
        ]
        let expected = parts.flatMap(\.self)
        #expect(try request.encoded(sequence: 3) == expected)
    }

    @Test func `connect with MTU and routes`() throws {
        let link = try Samples.link(gateway: nil, mtuBytes: 1400, routes: try Samples.routes(1))
        let request = HelperRequest.connect(try Samples.session(), link: link)
        // swift-format-ignore
        #expect(try request.encoded(sequence: 4).suffix(24) == [
            8, 0, 21, 0, 0x78, 0x05, 0, 0,                                         // MTU 1400
            16, 0, 22, 0, 10, 0, 0, 0, 16, 0, 0, 0, 10, 77, 0, 9,                  // ROUTES: 10.0.0.0/16 by 10.77.0.9
        ])
    }

    @Test func `connect with a pair`() throws {
        let link = try Samples.link6(routes: try Samples.routes(1) + Samples.routes6(2).suffix(1))
        let octets = try HelperRequest.connect(try Samples.session(), link: link).encoded(sequence: 4)
        // swift-format-ignore
        let tail: [UInt8] = [
            8, 0, 8, 0, 10, 77, 0, 101,                                              // ADDRESS
            8, 0, 9, 0, 24, 0, 0, 0,                                                 // PREFIX_LENGTH
            20, 0, 23, 0, 0xfd, 0x76, 0x69, 0x70, 0x6e, 0x73, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, // ADDRESS6
            8, 0, 24, 0, 64, 0, 0, 0,                                                // PREFIX_LENGTH6
            20, 0, 25, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,      // GATEWAY6
            16, 0, 22, 0, 10, 0, 0, 0, 16, 0, 0, 0, 10, 77, 0, 9,                    // ROUTES: 10.0.0.0/16 by 10.77.0.9
            40, 0, 26, 0, 0x20, 1, 0x0d, 0xb8, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,   // ROUTES6: 2001:db8:1::
            48, 0, 0, 0, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9,       //   /48 by fe80::9
        ]
        #expect(octets.suffix(tail.count) == tail[...])
        #expect(octets.count == 68 - 4 + tail.count)
    }

    @Test func `a failure`() throws {
        let answer = HelperAnswer.failed(HelperFailure(errno: 98, description: "cannot"))
        // swift-format-ignore
        #expect(try answer.encoded(sequence: 4) == [
            36, 0, 0, 0, 33, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_ERROR, sequence 4
            8, 0, 15, 0, 98, 0, 0, 0,                                              // ERRNO EADDRINUSE
            11, 0, 16, 0, 0x63, 0x61, 0x6e, 0x6e, 0x6f, 0x74, 0, 0,                // TEXT "cannot"
        ])
    }

    @Test func `a list's part and its end`() throws {
        let found = HelperAnswer.Found(session: nil, number: 0x100002, cookie: 0x0102_0304_0506_0708, hasLink: true)
        // swift-format-ignore
        #expect(try HelperAnswer.found(found).encoded(sequence: 5) == [
            44, 0, 0, 0, 44, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_LIST, sequence 5
            8, 0, 3, 0, 0x02, 0, 0x10, 0,                                          // NUMBER 0x100002
            12, 0, 4, 0, 8, 7, 6, 5, 4, 3, 2, 1,                                   // COOKIE
            5, 0, 14, 0, 1, 0, 0, 0,                                               // LINKED
        ])
        // swift-format-ignore
        #expect(try HelperAnswer.done.encoded(sequence: 5) == [
            16, 0, 0, 0, 32, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_DONE, sequence 5
        ])
    }

    @Test func `what keeps sessions whole`() throws {
        let session = try Samples.session()
        // swift-format-ignore
        #expect(try HelperRequest.pin([.init(session: session, number: 0x100002)]).encoded(sequence: 8) == [
            32, 0, 0, 0, 50, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_PIN, sequence 8
            16, 0, 31, 0, 0x6b, 0x37, 0x66, 0x33, 0x71, 0x32, 0x6d, 0x35, 2, 0, 0x10, 0, // PINS "k7f3q2m5", 0x100002
        ])
        // swift-format-ignore
        #expect(try HelperRequest.holders([.init(number: 0x100002, cookie: 3, inode: 4)]).encoded(sequence: 9) == [
            40, 0, 0, 0, 52, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_HOLDERS, sequence 9
            24, 0, 33, 0, 2, 0, 0x10, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, // NAMESPACES
        ])
        // swift-format-ignore
        #expect(try HelperAnswer.audited([session], .init(isListening: true, mended: nil)).encoded(sequence: 8) == [
            36, 0, 0, 0, 49, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_AUDIT, sequence 8
            12, 0, 29, 0, 0x6b, 0x37, 0x66, 0x33, 0x71, 0x32, 0x6d, 0x35,          // SESSIONS "k7f3q2m5"
            5, 0, 30, 0, 1, 0, 0, 0,                                               // LISTENING
        ])
        // swift-format-ignore
        #expect(try HelperAnswer.changed(number: 0x100002).encoded(sequence: 0) == [
            24, 0, 0, 0, 53, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_CHANGED
            8, 0, 3, 0, 0x02, 0, 0x10, 0,                                          // NUMBER 0x100002
        ])
    }

    @Test func `an event has no sequence number`() throws {
        // swift-format-ignore
        #expect(try HelperAnswer.gone(number: 0x100002).encoded(sequence: 0) == [
            24, 0, 0, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_GONE
            8, 0, 3, 0, 0x02, 0, 0x10, 0,                                          // NUMBER 0x100002
        ])
        let mac = try #require(MACAddress("52:54:00:12:34:56"))
        // swift-format-ignore
        #expect(try HelperAnswer.claimed(IPAddress(ipv4: 0x0a4d_0065), by: mac).encoded(sequence: 0) == [
            36, 0, 0, 0, 55, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_CLAIMED
            8, 0, 8, 0, 10, 77, 0, 101,                                            // ADDRESS
            10, 0, 7, 0, 0x52, 0x54, 0x00, 0x12, 0x34, 0x56, 0, 0,                 // MAC
        ])
        // swift-format-ignore
        #expect(try HelperAnswer.overrun.encoded(sequence: 0) == [
            16, 0, 0, 0, 46, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,                      // VIPNS_MSG_OVERRUN
        ])
    }
}
