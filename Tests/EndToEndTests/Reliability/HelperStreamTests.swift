import Foundation
import Testing

extension EndToEnd {
    @Suite struct HelperStreamTests {}
}

/// Speaks for the service without pause: makes sessions, and asks for their ends, and for members, again and again.
///
/// Reads all answers. Says how long the kernel's word on each session took, then goes on until the helper is gone.
private let stream =
    HelperClient.script + """
        import threading, time
        count = 20
        def message(kind, sequence, *attributes):
            body = b"".join(attributes)
            return struct.pack("=IHHII", len(body) + 16, kind, 0, sequence, 0) + body
        def session(index): return [attribute(2, b"aaaaaaa%c\\0" % (97 + index)), number(0x100600 + index)]
        def number(value): return attribute(3, struct.pack("=I", value))
        for index in range(count):
            ask(36, *session(index))
            ask(37, session(index)[0])
        asked, gone, answers = time.monotonic(), {}, {}
        def hear():
            try:
                while octets := s.recv(65536):
                    kind, sequence = kind_of(octets), struct.unpack_from("=I", octets, 8)[0]
                    answers[kind] = answers.get(kind, 0) + 1
                    if kind == 45: gone[struct.unpack_from("=I", octets, 20)[0]] = time.monotonic() - asked
            except OSError: pass
        threading.Thread(target=hear, daemon=True).start()
        streams = [message(41, 1, *session(index)) for index in range(count)]
        if MEMBERS: streams = [part for one in streams for part in (one, message(39, 2))]
        told = False
        try:
            while True:
                for one in streams: s.send(one)
                if not told and (len(gone) == count or time.monotonic() > asked + 8):
                    told = True
                    print(len(gone), max(gone.values(), default=9), flush=True)
        except OSError:
            print("ended", flush=True)
        """

extension EndToEnd.HelperStreamTests {
    @Test(arguments: [true, false])
    func `a stream of requests about ends keeps nobody from the kernel's word, and the helper from no signal`(
        asksForMembers: Bool
    ) async throws {
        try await inLab { lab in
            try lab.tell("kill service")
            let pid = try lab.process(of: "helper")
            let client = try lab.start(
                "/usr/bin/python3", "-c", stream.replacingOccurrences(of: "MEMBERS", with: asksForMembers ? "1" : "0"))
            let words = try client.line(within: .seconds(20)).split(separator: " ")
            let slowest = words.last.flatMap { Double($0) } ?? 9
            print(
                "measured: the kernel's word on \(words.first ?? "no") sessions in a stream of requests: \(slowest) s")
            #expect(words.first == "20")
            #expect(slowest < Dose.limit(1), "\(slowest) s")
            try lab.succeed("kill", "-TERM", "\(pid)")
            #expect(try client.line(within: Dose.limit(.seconds(1))) == "ended")
            #expect(try eventually { try lab.obey("pid helper") == "error not running" })
            try lab.tell("start helper")
            try lab.tell("start service")
            #expect(try lab.vipns("enter", "--", "true").status == 0)
        }
    }
}
