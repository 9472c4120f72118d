import Glibc
import LinuxSystem
import Testing

@testable import Varlink

/// The client against services that misbehave.
@Suite(.timeLimit(.minutes(1))) struct ClientTests {
    /// Calls a service that has answered already, and tells how the call failed.
    private func failure(_ answer: String, hangsUp: Bool, timeout: Duration = .seconds(5)) throws -> String {
        let path = "/tmp/varlink-client.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let listener = try UnixSocket.listen(.stream, at: path, mode: 0o600)
        defer { unsafe unlink(path) }
        let client = try VarlinkClient(path: path, timeout: timeout, maximumReplyOctets: 1000)
        let service = try UnixSocket.accept(from: listener, nonBlocking: false)
        _ = try UnixSocket.send(Array(answer.utf8), on: service)
        if hangsUp { service.withRaw { _ = shutdown($0, Int32(SHUT_WR)) } }
        do throws(VarlinkClientError) {
            _ = try client.call("io.example.Get", TestService.Nothing(), as: TestService.Text.self)
            return "none"
        } catch {
            return "\(error)".replacing(path, with: "PATH")
        }
    }

    @Test(arguments: [
        ("", "the service hung up"),
        (#"{"parameters":{"te"#, "the service hung up"),
        (#"{"parameters":{"text":1}}"# + "\0", "'text' of the reply does not fit"),
        ("{}\0", "'text' of the reply does not fit"),
        ("\0", "an empty message came"),
        ("nonsense\0", "'parameters' of the reply does not fit"),
        (#"{"parameters":{"text":"x"},"continues":true}"# + "\0", "more replies came than were asked for"),
        (String(repeating: "x", count: 2000), "the reply is longer than 1000 octets"),
        (String(repeating: "[", count: 900) + "\0", "the reply is nested too deep"),
    ])
    func `a bad answer is told from others`(answer: String, reason: String) throws {
        let found = try failure(answer, hangsUp: true)
        #expect(found == "cannot call 'io.example.Get' at 'PATH': \(reason)")
    }

    @Test func `a call ends in time whatever comes meanwhile`() throws {
        let begin = ContinuousClock.now
        let found = try failure(#"{"parameters":"#, hangsUp: false, timeout: .milliseconds(100))
        #expect(found == "cannot call 'io.example.Get' at 'PATH': no answer in time")
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test func `where nobody listens the path and the reason are told`() {
        let error = #expect(throws: VarlinkClientError.self) { _ = try VarlinkClient(path: "/nonexistent/socket") }
        #expect(error.map { "\($0)" } == "cannot connect to '/nonexistent/socket': No such file or directory")
    }
}
