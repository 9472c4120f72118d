import Glibc
import Testing

@testable import PAMModule

@Suite struct ArgumentsTests {
    private struct Understood: Equatable {
        var isClosed = false
        var socket = "/run/vipns/io.vipns"
        var isDebug = false
        var unknown: [String] = []
    }

    private func understand(_ words: [String]) -> Understood {
        // Freed with the process: a few octets of a test.
        var vector = unsafe words.map { word in unsafe strdup(word).map { unsafe UnsafePointer($0) } }
        return unsafe vector.withUnsafeMutableBufferPointer { buffer in
            var unknown: [String] = []
            let arguments = unsafe Arguments(count: CInt(words.count), buffer.baseAddress) { word in
                unknown.append(unsafe String(cString: word.pointer))
            }
            return Understood(
                isClosed: arguments.policy == .closed,
                socket: unsafe String(cString: arguments.socketPath.pointer), isDebug: arguments.isDebug,
                unknown: unknown)
        }
    }

    @Test func `without arguments the usual holds`() {
        #expect(understand([]) == Understood())
    }

    @Test func `all arguments are understood`() {
        let all = understand(["fail=closed", "socket=/tmp/a b", "debug"])
        #expect(all == Understood(isClosed: true, socket: "/tmp/a b", isDebug: true))
        #expect(understand(["fail=closed", "fail=open"]) == Understood())
    }

    @Test(arguments: [
        "", "fail", "fail=", "fail=close", "fail=OPEN", "Debug", "debug=1", "socket", "socket=", "socket=relative",
        "use_uid",
        "fail=closed ", "é",
    ])
    func `what is not understood is told and changes nothing`(word: String) {
        #expect(understand([word]) == Understood(unknown: [word]))
    }
}
