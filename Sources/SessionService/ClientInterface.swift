internal import ClientAPI
internal import Leasing
internal import LinuxSystem
internal import Varlink

/// `io.vipns` as a table: what clients may call, and who does it.
///
/// Who may is checked where it is done.
struct ClientInterface: Sendable {
    /// How many sessions or records go into one reply of a stream.
    private static let page = 100

    let service: SessionService

    var interface: VarlinkInterface {
        VarlinkInterface(
            name: InterfaceDescription.name, description: InterfaceDescription.text,
            methods: [
                "Open": .single { call, connection in try await open(call, connection) },
                "Entered": .single { call, connection in
                    let asked = try call.parameters(as: Method.Entered.Parameters.self)
                    try await service.entered(asked.session, connection: connection)
                    return try VarlinkReply(Method.Entered.Reply())
                },
                "Login": .single { call, connection in
                    let asked = try call.parameters(as: Method.Login.Parameters.self)
                    return try await service.login(asked, connection: connection)
                },
                "CheckLogin": .single { call, connection in
                    let asked = try call.parameters(as: Method.CheckLogin.Parameters.self)
                    try await service.checkLogin(asked, connection: connection)
                    return try VarlinkReply(Method.CheckLogin.Reply())
                },
                "Leave": .single { call, connection in
                    let asked = try call.parameters(as: Method.Leave.Parameters.self)
                    await service.leave(asked.session, connection: connection)
                    return try VarlinkReply(Method.Leave.Reply())
                },
                "Join": .single { call, connection in
                    let asked = try call.parameters(as: Method.Join.Parameters.self)
                    return try await service.join(asked.session, connection: connection)
                },
                "Close": .single { call, connection in
                    let asked = try call.parameters(as: Method.Close.Parameters.self)
                    return try VarlinkReply(
                        Method.Close.Reply(session: try await service.close(asked, connection: connection)))
                },
                "List": .stream(requiresMore: false) { call, replies in
                    let sessions = await service.list(service.caller(replies.connection))
                    let last = try await send(sessions, call, replies) { Method.List.Reply(sessions: $0) }
                    return try VarlinkReply(Method.List.Reply(sessions: last))
                },
                "Show": .single { call, connection in
                    let asked = try call.parameters(as: Method.Show.Parameters.self)
                    return try VarlinkReply(try await service.show(asked.session, service.caller(connection)))
                },
                "Pools": .single { _, _ in
                    try VarlinkReply(Method.Pools.Reply(pools: try await service.listPools()))
                },
                "Collect": .single { call, connection in
                    let asked = try call.parameters(as: Method.Collect.Parameters.self)
                    let suspects = try await service.collect(asked, for: service.caller(connection))
                    return try VarlinkReply(Method.Collect.Reply(suspects: suspects))
                },
                "Reload": .single { _, connection in
                    try VarlinkReply(try await service.reload(for: service.caller(connection)))
                },
                "Addresses": .stream(requiresMore: false) { call, replies in
                    let asked = try call.parameters(as: Method.Addresses.Parameters.self)
                    let addresses = try await service.addresses(
                        ofPool: asked.pool, service.caller(replies.connection))
                    let last = try await send(addresses, call, replies) { Method.Addresses.Reply(addresses: $0) }
                    return try VarlinkReply(Method.Addresses.Reply(addresses: last))
                },
                "History": .stream(requiresMore: false) { call, replies in try await history(call, replies) },
                "Watch": .stream(requiresMore: true) { _, replies in try await watch(replies) },
            ])
    }

    private func open(_ call: VarlinkCall, _ connection: VarlinkConnection) async throws -> VarlinkReply {
        let asked = try call.parameters(as: Method.Open.Parameters.self)
        guard service.caller(connection).isRoot else {
            throw ServiceError.permissionDenied(text: "only root opens sessions")
        }
        let name = asked.user ?? "\(connection.peer.uid)"
        guard let account = try await service.account(name) else {
            throw ServiceError.openFailed(text: "there is no user '\(name)'")
        }
        return try await service.open(asked, account: account, connection: connection)
    }

    /// Sends all but the last page as replies of a stream; without `more` all is one page.
    private func send<Item: Sendable>(
        _ items: [Item], _ call: VarlinkCall, _ replies: VarlinkReplyStream,
        _ reply: ([Item]) -> some Encodable & Sendable
    ) async throws -> [Item] {
        guard call.wantsMore else { return items }
        var rest = items[...]
        while rest.count > Self.page {
            try await replies.send(reply(Array(rest.prefix(Self.page))))
            rest = rest.dropFirst(Self.page)
            // Others have their turn between two pages.
            await Task.yield()
        }
        return Array(rest)
    }

    /// Reads and sends page by page: what is remembered may be more than fits into memory.
    private func history(_ call: VarlinkCall, _ replies: VarlinkReplyStream) async throws -> VarlinkReply {
        let asked = try call.parameters(as: Method.History.Parameters.self)
        var query = try service.historyQuery(asked, service.caller(replies.connection))
        // In one reply only as many as are quickly put together: that is done on the loop.
        var left = min(query.limit, call.wantsMore ? .max : 1000)
        while true {
            query.limit = call.wantsMore ? min(left, Self.page) : left
            let (records, position) = try await service.history(query)
            left -= records.count
            let reply = Method.History.Reply(records: records)
            guard left > 0, records.count == query.limit, let position else { return try VarlinkReply(reply) }
            try await replies.send(reply)
            query.before = position
        }
    }

    private func watch(_ replies: VarlinkReplyStream) async throws -> VarlinkReply {
        let events = service.watchers.subscribe()
        try await replies.send(Method.Watch.Reply())
        for await event in events where maySee(event, service.caller(replies.connection)) {
            try await replies.send(Method.Watch.Reply(event: event))
        }
        return try VarlinkReply(Method.Watch.Reply())
    }

    private func maySee(_ event: SessionEvent, _ caller: Caller) -> Bool {
        caller.isRoot || caller.isOperator || event.session?.uid == caller.uid
    }
}
