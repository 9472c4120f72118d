import Glibc
import LinuxSystem
import Testing

@testable import Varlink

@Suite(.timeLimit(.minutes(1))) struct HostileClientTests {
    /// Sends `text` and tells what came back and whether the connection was ended.
    private func exchange(
        _ text: String, limits: VarlinkServer.Limits = .init()
    ) async throws -> (text: String, ended: Bool) {
        let service = try TestService(limits: limits)
        let result = try await blocking {
            let client = try RawClient(service.path)
            do throws(Errno) {
                _ = try UnixSocket.send(Array(text.utf8), on: client.socket)
            } catch {
                // The server may hang up before it has seen everything.
                #expect(error == .brokenPipe || error == .connectionReset)
            }
            return try client.receiveAll()
        }
        // Whatever one client does, the next is served.
        try await blocking {
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            _ = try client.call("io.example.testing.Echo", TestService.Text(text: "x"), as: TestService.Text.self)
        }
        await service.stop()
        return result
    }

    @Test(arguments: [
        "\0", String(repeating: "\0", count: 100_000), "GET / HTTP/1.1\r\n\r\n\0", "{}\0", "[]\0", "\u{1}\u{2}\0",
        #"{"method":"x""# + "\0", String(repeating: "[", count: 60_000) + "\0",
        #"{"method":"io.example.testing.Echo","parameters":"# + String(repeating: #"{"a":"#, count: 10_000) + "\0",
        String(repeating: "x", count: 70_000), "{\"method\":\"" + String(repeating: "x", count: 65_600) + "\"}\0",
    ])
    func `garbage ends the connection without an answer`(garbage: String) async throws {
        let received = try await exchange(garbage)
        #expect(received.ended && received.text == "")
    }

    @Test func `too many calls ahead of their replies end the connection`() async throws {
        let wait = #"{"method":"io.example.testing.Wait","parameters":{"number":1000}}"# + "\0"
        #expect(try await exchange(String(repeating: wait, count: 100)).ended)
    }

    @Test func `a request that is never completed ends the connection after a while`() async throws {
        let limits = VarlinkServer.Limits.with { $0.patience = .milliseconds(200) }
        let begin = ContinuousClock.now
        #expect(try await exchange(#"{"method":"#, limits: limits).ended)
        #expect(ContinuousClock.now - begin >= .milliseconds(200))
    }

    @Test func `a request that comes octet by octet has no more time than another`() async throws {
        let limits = VarlinkServer.Limits.with { $0.patience = .milliseconds(200) }
        let service = try TestService(limits: limits)
        let lived = try await blocking { () -> Duration? in
            let client = try RawClient(service.path)
            let begin = ContinuousClock.now
            for octet in #"{"method":""# + String(repeating: "x", count: 50) {
                do throws(Errno) {
                    _ = try UnixSocket.send(Array(octet.utf8), on: client.socket)
                } catch {
                    #expect(error == .brokenPipe || error == .connectionReset)
                    return ContinuousClock.now - begin
                }
                if client.socket.isReadable(within: 50) { return ContinuousClock.now - begin }
            }
            return nil
        }
        // Deadlines are looked at eight times in that, and a busy machine takes four times as long.
        let time = try #require(lived, "it went on for ever")
        #expect(time >= .milliseconds(200) && time < .milliseconds(4 * 400), "\(time)")
        await service.stop()
    }

    @Test func `an idle client may stay`() async throws {
        let limits = VarlinkServer.Limits.with { $0.patience = .milliseconds(50) }
        let call = #"{"method":"io.example.testing.Echo","parameters":{"text":"x"}}"# + "\0"
        let service = try TestService(limits: limits)
        try await blocking {
            let client = try RawClient(service.path)
            try client.send(call)
            #expect(try client.receiveAll(frames: 1).text == "{\"parameters\":{\"text\":\"x\"}}\0")
            #expect(try !client.receiveAll(patience: 400).ended)
        }
        await service.stop()
    }

    @Test func `a client that leaves in the middle of a request is forgotten`() async throws {
        let service = try TestService()
        try await blocking { try RawClient(service.path).send(#"{"method":"#) }
        #expect(try await eventually { service.server.connections.isEmpty })
        await service.stop()
    }

    @Test func `a client that never reads is dropped and its stream ends`() async throws {
        let limits = VarlinkServer.Limits.with { $0.patience = .milliseconds(200) }
        let service = try TestService(limits: limits)
        let client = try RawClient(service.path)
        try client.send(#"{"method":"io.example.testing.Flood","more":true,"parameters":{"number":1000}}"# + "\0")
        #expect(try await eventually { service.notes.all == ["flood: connectionClosed"] })
        #expect(try await eventually { service.server.connections.isEmpty })
        _ = consume client
        await service.stop()
    }

    @Test func `a client that asks without reading is dropped when too much waits`() async throws {
        let limits = VarlinkServer.Limits.with { $0.queuedOctets = 100_000 }
        let service = try TestService(limits: limits)
        try await blocking {
            let client = try RawClient(service.path)
            let text = String(repeating: "x", count: 10_000)
            let echo = #"{"method":"io.example.testing.Echo","parameters":{"text":"\#(text)"}}"# + "\0"
            #expect(throws: Errno.self) {
                for _ in 0..<1000 { try client.send(echo) }
            }
        }
        #expect(try await eventually { service.server.connections.isEmpty })
        await service.stop()
    }

    @Test func `a descriptor that nobody asked for is closed and the client with it`() async throws {
        let service = try TestService()
        try await blocking {
            let client = try RawClient(service.path)
            let ours = try Self.sendWithDescriptor(
                #"{"method":"io.example.testing.Echo","parameters":{"text":"x"}}"# + "\0", on: client.socket)
            let received = try client.receiveAll()
            #expect(received.ended && received.text == "")
            // The last copy of the other end is gone: ours reads the end.
            let isOver = ours.isReadable(within: 1000)
            #expect(isOver)
        }
        #expect(service.notes.all == [])
        await service.stop()
    }

    /// Passes one end of a pair and returns a copy of the other; every end of this side but that is closed.
    private static func sendWithDescriptor(
        _ text: String, on socket: borrowing OwnedDescriptor
    ) throws -> OwnedDescriptor {
        let pair = try UnixSocket.pair(.stream)
        let passed = pair.second.withRaw { $0 }
        _ = try UnixSocket.send(Array(text.utf8), passing: passed, on: socket)
        return try pair.first.duplicate()
    }
}
