import Glibc
import LinuxSystem
import Testing

@testable import Varlink

extension VarlinkServer.Limits {
    static func with(_ change: (inout VarlinkServer.Limits) -> Void) -> VarlinkServer.Limits {
        var limits = VarlinkServer.Limits()
        change(&limits)
        return limits
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServerTests {
    /// Runs a service, a blocking client against it, and stops the service.
    private func withService(
        _ limits: VarlinkServer.Limits = .init(), client: @escaping @Sendable (TestService) throws -> Void
    ) async throws {
        let service = try TestService(limits: limits)
        do {
            try await blocking { try client(service) }
        } catch {
            await service.stop()
            throw error
        }
        await service.stop()
    }

    private static func errorName(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch VarlinkClientError.reply(let error) {
            return error.name
        } catch {
            return "\(error)"
        }
    }

    @Test func `a call is answered`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            for text in ["", "grüß\\\"/\n\u{0}", String(repeating: "a", count: 60_000)] {
                let asked = TestService.Text(text: text)
                let answer = try client.call("io.example.testing.Echo", asked, as: TestService.Text.self)
                #expect(answer.parameters.text == text)
            }
        }
    }

    @Test func `calls sent ahead are answered in their order`() async throws {
        try await withService { service in
            let client = try RawClient(service.path)
            let wait = #"{"method":"io.example.testing.Wait","parameters":{"number":50}}"# + "\0"
            let echoes = (1...20).map { #"{"method":"io.example.testing.Echo","parameters":{"text":"\#($0)"}}"# + "\0" }
            try client.send(wait + echoes.joined())
            let expected = ["{\"parameters\":{}}"] + (1...20).map { "{\"parameters\":{\"text\":\"\($0)\"}}" }
            let received = try client.receiveAll(frames: 21)
            #expect(received.text == expected.joined(separator: "\0") + "\0")
        }
    }

    @Test func `a oneway call is done and not answered`() async throws {
        try await withService { service in
            let client = try RawClient(service.path)
            try client.send(#"{"method":"io.example.testing.Echo","oneway":true,"parameters":{"text":"quiet"}}"# + "\0")
            try client.send(#"{"method":"io.example.testing.Nope","oneway":true}"# + "\0")
            while service.notes.all.isEmpty { usleep(1000) }
            let received = try client.receiveAll(patience: 200)
            #expect(received.text == "" && !received.ended)
            #expect(service.notes.all == ["quiet"])
        }
    }

    @Test func `what does not exist is named`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            let table = [
                ("io.example.testing.Nope", "org.varlink.service.MethodNotFound"),
                ("io.example.testing.Unfinished", "org.varlink.service.MethodNotImplemented"),
                ("io.example.other.Nope", "org.varlink.service.InterfaceNotFound"),
                ("Nope", "org.varlink.service.InterfaceNotFound"),
                ("io.example.testing.Forever", "org.varlink.service.ExpectedMore"),
                ("io.example.testing.Echo", "org.varlink.service.InvalidParameter"),
                ("io.example.testing.Flood", "org.varlink.service.InvalidParameter"),
            ]
            for (method, name) in table {
                let found = Self.errorName {
                    _ = try client.call(method, TestService.Nothing(), as: TestService.Nothing.self)
                }
                #expect(found == name, "\(method)")
            }
        }
    }

    @Test func `an error that handlers did not foresee is put into words`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            do {
                _ = try client.call(
                    "io.example.testing.Fail", TestService.Number(number: 7), as: TestService.Nothing.self)
                Issue.record("no error came")
            } catch VarlinkClientError.reply(let error) {
                #expect(error.name == "io.example.testing.Broken")
                #expect(error.parameters(as: [String: Int].self) == ["code": 7])
            }
        }
    }

    @Test func `several replies come one after another`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            var numbers: [Int] = []
            let asked = TestService.Number(number: 500)
            try client.callMore("io.example.testing.Count", asked, as: TestService.Number.self) { answer in
                numbers.append(answer.parameters.number)
                return true
            }
            #expect(numbers == Array(1...500))
            #expect(
                try client.call("io.example.testing.Count", asked, as: TestService.Number.self).parameters.number == 500
            )
        }
    }

    @Test func `a client that reads slowly gets everything`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(20))
            var count = 0
            let asked = TestService.Number(number: 60)
            try client.callMore("io.example.testing.Flood", asked, as: TestService.Text.self) { answer in
                count += answer.parameters.text.utf8.count
                if count % 1_000_000 == 0 { usleep(50_000) }
                return true
            }
            #expect(count == 6_000_001)
        }
    }

    @Test func `a reply that is too long in one piece is asked for in several`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            let found = Self.errorName {
                let asked = TestService.Number(number: 0)
                _ = try client.call("io.example.testing.Flood", asked, as: TestService.Text.self)
            }
            #expect(found == "org.varlink.service.ExpectedMore")
        }
    }

    @Test func `a descriptor comes with its reply`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            for text in ["first", "second"] {
                let asked = TestService.Text(text: text)
                let answer = try client.call("io.example.testing.Open", asked, as: TestService.File.self)
                #expect(answer.parameters.file == 0)
                let content = try readText(answer.takeDescriptor())
                #expect(content == text)
            }
        }
    }

    @Test func `a handler knows who calls`() async throws {
        try await withService { service in
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            let who = try client.call("io.example.testing.Who", TestService.Nothing(), as: TestService.Who.self)
                .parameters
            #expect(who.uid == getuid() && who.pid == getpid())
            #expect(try who.cookie == NetworkNamespace.cookieOfCallingThread())
            #expect(service.notes.all == ["ended: false"])
        }
    }

    @Test func `a stream ends when its client goes`() async throws {
        let service = try TestService()
        try await blocking {
            let client = try VarlinkClient(path: service.path, timeout: .seconds(5))
            let nothing = TestService.Nothing()
            try client.callMore("io.example.testing.Forever", nothing, as: TestService.Nothing.self) { _ in false }
        }
        #expect(try await eventually { service.notes.all == ["forever ended"] })
        #expect(try await eventually { service.server.connections.isEmpty })
        await service.stop()
    }

    @Test func `what a single handler began it ends when its client goes`() async throws {
        let service = try TestService()
        try await blocking {
            let client = try RawClient(service.path)
            try client.send(#"{"method":"io.example.testing.Wait","parameters":{"number":100}}"# + "\0")
            while service.notes.all.isEmpty { usleep(1000) }
        }
        #expect(try await eventually { service.notes.all == ["wait began", "wait ended"] })
        await service.stop()
    }

    @Test func `chosen connections are closed and those who asked are told`() async throws {
        let service = try TestService()
        let path = service.path
        let doomed = try RawClient(path)
        #expect(try await eventually { service.server.connections.count == 1 })
        let first = try #require(service.server.connections.first)
        let spared = try RawClient(path)
        #expect(try await eventually { service.server.connections.count == 2 })
        first.onClose { service.notes.add("closed \(first.isClosed)") }
        await service.server.closeConnections { $0.number == first.number }
        first.onClose { service.notes.add("late") }
        #expect(service.notes.all == ["closed true", "late"])
        let doomedEnded = try doomed.receiveAll().ended
        let sparedEnded = try spared.receiveAll(patience: 50).ended
        #expect(doomedEnded && !sparedEnded)
        await service.stop()
        let sparedEndedAtLast = try spared.receiveAll().ended
        #expect(sparedEndedAtLast)
    }

    @Test func `another listener takes over and open connections stay`() async throws {
        let service = try TestService()
        try await blocking {
            let asked = TestService.Text(text: "x")
            let old = try VarlinkClient(path: service.path, timeout: .seconds(5))
            _ = try old.call("io.example.testing.Echo", asked, as: TestService.Text.self)
            try service.listen()
            let new = try VarlinkClient(path: service.path, timeout: .seconds(5))
            _ = try old.call("io.example.testing.Echo", asked, as: TestService.Text.self)
            _ = try new.call("io.example.testing.Echo", asked, as: TestService.Text.self)
            service.server.stopAccepting()
            _ = try new.call("io.example.testing.Echo", asked, as: TestService.Text.self)
            _ = try old.call("io.example.testing.Echo", asked, as: TestService.Text.self)
        }
        let path = service.path
        #expect(try await eventually { refusal(path) == .connectionRefused })
        await service.stop()
    }
}

/// Why nobody can connect to `path`; nil where somebody can.
private func refusal(_ path: String) -> Errno? {
    do throws(VarlinkClientError) {
        _ = try VarlinkClient(path: path)
        return nil
    } catch {
        guard case .cannotConnect(_, let cause) = error else { return nil }
        return cause
    }
}
