import Dispatch
import Glibc
import LinuxSystem
import Testing
import Varlink

@testable import ClientAPI

/// The typed client against a service that answers from a table.
@Suite(.timeLimit(.minutes(1))) struct VipnsClientTests {
    private static func session(_ id: String) -> Session {
        Session(
            id: id, state: .active, mode: .reserve, pool: "lab", user: "ada", uid: 1000, service: "test",
            leaders: [], leftovers: .wait, number: 1 << 20, cookie: 4711, boot: "b", opened: 1, openedBoot: 2)
    }

    private static let methods: [String: VarlinkMethod] = [
        "Open": .single { call, _ in
            let asked = try call.parameters(as: Method.Open.Parameters.self)
            guard asked.pool != "full" else { throw ServiceError.poolExhausted(pool: "full", message: "Sorry.") }
            let reply = Method.Open.Reply(outcome: .granted, session: session("aaaaaaaa"), namespace: 0)
            return try VarlinkReply(reply, passing: OwnedDescriptor.open("/proc/self/ns/net", O_RDONLY))
        },
        "Entered": .single { call, _ in
            let id = try call.parameters(as: Method.Entered.Parameters.self).session
            guard id == "aaaaaaaa" else { throw ServiceError.sessionNotFound(session: id) }
            return VarlinkReply()
        },
        "Close": .single { call, _ in
            let id = try call.parameters(as: Method.Close.Parameters.self).session
            return try VarlinkReply(Method.Close.Reply(session: session(id)))
        },
        "List": .stream(requiresMore: false) { _, replies in
            try await replies.send(Method.List.Reply(sessions: [session("aaaaaaaa"), session("bbbbbbbb")]))
            return try VarlinkReply(Method.List.Reply(sessions: [session("cccccccc")]))
        },
        "History": .stream(requiresMore: false) { _, _ in try VarlinkReply(Method.History.Reply(records: [])) },
        "Watch": .stream(requiresMore: true) { _, replies in
            try await replies.send(Method.Watch.Reply())
            for kind in [SessionEvent.Kind.opened, .closing, .freed] {
                let event = SessionEvent(time: 1, kind: kind, session: session("aaaaaaaa"))
                try await replies.send(Method.Watch.Reply(event: event))
            }
            return VarlinkReply()
        },
    ]

    private func withClient(_ body: @escaping @Sendable (VipnsClient) throws -> Void) async throws {
        let path = "/tmp/vipns-client.\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let server = VarlinkServer(
            identity: .init(vendor: "", product: "", version: "", url: ""),
            interfaces: [
                VarlinkInterface(
                    name: InterfaceDescription.name, description: InterfaceDescription.text, methods: Self.methods)
            ], loop: try EventLoop())
        try server.serve(on: UnixSocket.listen(.stream, at: path, mode: 0o600))
        defer { unsafe unlink(path) }
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try body(VipnsClient(path: path)) })
            }
        }
        await server.stop()
    }

    @Test func `a session is opened with its namespace, entered and closed`() async throws {
        try await withClient { client in
            let answer = try client.open(mode: .enter, user: "ada")
            let session = answer.parameters.session
            #expect(answer.parameters.outcome == .granted && answer.parameters.namespace == 0)
            let identity = try answer.takeDescriptor()?.identity()
            #expect(try identity == FileIdentity(path: "/proc/self/ns/net"))
            #expect(session == Self.session("aaaaaaaa"))
            try client.entered(session: "aaaaaaaa")
            let closed = try client.close(session: "bbbbbbbb")
            #expect(closed.id == "bbbbbbbb")
        }
    }

    @Test func `refusals come as errors of io dot vipns`() async throws {
        try await withClient { client in
            #expect(throws: ServiceError.poolExhausted(pool: "full", message: "Sorry.")) {
                _ = try client.open(mode: .enter, pool: "full")
            }
            #expect(throws: ServiceError.sessionNotFound(session: "x")) { try client.entered(session: "x") }
            #expect(throws: VarlinkClientError.self) { _ = try client.pools() }
            let entries = try client.history(limit: 3)
            #expect(entries.isEmpty)
        }
    }

    @Test func `a list that comes in pieces is put together`() async throws {
        try await withClient { client in
            let sessions = try client.list()
            #expect(sessions.map(\.id) == ["aaaaaaaa", "bbbbbbbb", "cccccccc"])
        }
    }

    @Test func `events are handed over until the caller has enough`() async throws {
        try await withClient { client in
            var kinds: [SessionEvent.Kind?] = []
            try client.watch { event in
                kinds.append(event?.kind)
                return event?.kind != .closing
            }
            #expect(kinds == [nil, .opened, .closing])
        }
    }
}
