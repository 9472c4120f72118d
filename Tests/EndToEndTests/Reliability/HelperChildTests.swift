import Foundation
import LinuxSystem
import Testing

extension EndToEnd {
    @Suite struct HelperChildTests {}
}

extension EndToEnd.HelperChildTests {
    /// Speaks for the service: asks for a session whose name servers are rules of nft's.
    private static let make =
        HelperClient.script + """
            def address(text): return socket.inet_pton(10, "::ffff:" + text)
            answer = ask(36, attribute(2, b"aaaaaaaa\\0"), attribute(3, struct.pack("=I", 0x100700)),
                attribute(27, address("127.0.0.53")), attribute(28, address("10.77.0.1")))
            print(kind_of(answer), text_of(answer))
            """

    @Test func `a helper that cannot watch its child leaves none behind`() async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            let helper = try lab.process(of: "helper")
            try lab.failing("pidfd_open", with: "EMFILE", in: "\(helper)") {
                // One child is nft, the other the reader of the configuration.
                let outcome = try lab.run("/usr/bin/python3", "-c", Self.make)
                #expect(outcome.output.hasPrefix("33 ") && outcome.output.contains("Too many open files"), "\(outcome)")
                try lab.tell("signal helper 1")
                let failure = "Too many open files, the old one stays"
                #expect(try eventually { try lab.log(of: "helper", failure).count == 1 })
            }
            let children = try lab.run("ps", "--no-headers", "-o", "pid,stat,comm", "--ppid", "\(helper)")
            #expect(children.output.isEmpty, "\(children)")
            try lab.tell("start service")
            #expect(try eventually { try lab.vipns("enter", "--", "true").status == 0 })
        }
    }
}
