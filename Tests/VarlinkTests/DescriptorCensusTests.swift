import Glibc
import LinuxSystem
import Testing

@testable import Varlink

/// Each test counts the descriptors of a process of its own.
@Suite(.timeLimit(.minutes(1))) struct DescriptorCensusTests {
    @Test func `a thousand connections leave no descriptor behind`() async {
        await #expect(processExitsWith: .success) {
            let service = try TestService()
            let call = #"{"method":"io.example.testing.Echo","parameters":{"text":"x"}}"# + "\0"
            try await warmUp(service)
            let before = try openDescriptors()
            for round in 0..<1000 {
                let client = try RawClient(service.path)
                switch round % 5 {
                case 0: break
                case 1: try client.send(call)
                case 2: try client.send(call + #"{"method":"#)
                case 3: try client.send("\0\0\0")
                default:
                    try client.send(#"{"method":"io.example.testing.Forever","more":true}"# + "\0")
                    if round % 10 == 9 { _ = try client.receiveAll(patience: 1) }
                }
            }
            let isEmpty = try await eventually { service.server.connections.isEmpty }
            let isBack = try await eventually { try openDescriptors() == before }
            guard isEmpty, isBack else { exit(1) }
            await service.stop()
            let isStopped = try await eventually { try openDescriptors() == before - 1 }
            guard isStopped else { exit(2) }
        }
    }

    @Test func `descriptors that were answered are closed, also those that found no client any more`() async {
        await #expect(processExitsWith: .success) {
            let service = try TestService()
            try await warmUp(service)
            let before = try openDescriptors()
            let open = #"{"method":"io.example.testing.Open","parameters":{"text":"x"}}"# + "\0"
            for round in 0..<200 {
                let client = try RawClient(service.path)
                try client.send(open + open)
                if round % 2 == 0 { _ = try client.receiveAll(patience: 1) }
            }
            let isBack = try await eventually { try openDescriptors() == before }
            guard isBack else { exit(1) }
            await service.stop()
        }
    }

    @Test func `clients wait while the server has no descriptor left, and are served afterwards`() async {
        await #expect(processExitsWith: .success) {
            let service = try TestService()
            try await warmUp(service)
            let before = try openDescriptors()
            let waiting = try UnixSocket.pair(.stream)
            // The client's own socket takes the last number there is; accept(2) finds none until the limit is back.
            let last = try waiting.second.duplicate().withRaw { $0 }
            guard setDescriptorLimit(UInt(last) + 1) else { exit(1) }
            let client = try RawClient(service.path)
            let begin = clock()
            try await Task.sleep(for: .milliseconds(500))
            let spentMilliseconds = (clock() - begin) * 1000 / Int(CLOCKS_PER_SEC)
            guard service.server.connections.isEmpty, spentMilliseconds < 200 else { exit(2) }
            guard setDescriptorLimit(1024) else { exit(3) }
            let isServed = try await eventually { service.server.connections.count == 1 }
            guard isServed, try openDescriptors() == before + 4 else { exit(4) }
            withExtendedLifetime(client) {}
            await service.stop()
        }
    }

    @Test func `users other than root have a limit`() async {
        await #expect(processExitsWith: .success) {
            let limits = VarlinkServer.Limits.with { $0.connectionsPerUser = 3 }
            // Credentials are noted at connect: from here on this process is a user like any other.
            guard getuid() != 0 || seteuid(12_345) == 0 else { exit(1) }
            let service = try TestService(limits: limits)
            let clients = try (0..<5).map { _ in try RawClient(service.path) }
            let isRefused = try await eventually { clients.count { $0.socket.isReadable(within: 0) } == 2 }
            let refused = try clients.filter { try $0.receiveAll(patience: 200).ended }
            guard isRefused, refused.count == 2, service.server.connections.count == 3 else { exit(2) }
            withExtendedLifetime(clients) {}
            await service.stop()
        }
    }
}

/// Lets the runtime open what it keeps, so that it is in the first count.
private func warmUp(_ service: TestService) async throws {
    let call = #"{"method":"io.example.testing.Wait","parameters":{"number":1}}"# + "\0"
    try RawClient(service.path).send(#"{"method":"#)
    let client = try RawClient(service.path)
    try client.send(call)
    _ = try client.receiveAll(frames: 1)
    _ = consume client
    _ = try await eventually { service.server.connections.isEmpty }
    try await Task.sleep(for: .milliseconds(50))
}

private func setDescriptorLimit(_ limit: UInt) -> Bool {
    var wanted = rlimit(rlim_cur: limit, rlim_max: 0)
    var found = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &found) == 0 else { return false }
    wanted.rlim_max = found.rlim_max
    return unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0
}
