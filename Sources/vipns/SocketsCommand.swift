import ArgumentParser
import ClientAPI
import LinuxSystem

/// Tells who listens on what in a session.
struct SocketsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sockets",
        abstract: "Shows who listens on what in a session: TCP and UDP sockets and their processes.",
        discussion: """
            vipns sockets 10.9.0.10            ports on which programs wait
            vipns sockets 10.9.0.10 --all      connections, too

            0.0.0.0 and [::] are all addresses of the session, 127.0.0.1 its private loopback. PROCESS is '-' where the \
            process is another user's, has ended, or is outside of the session. With --json an array of objects with \
            'protocol' (tcp, udp), 'state', 'address', 'port', 'uid', 'processes' (objects with 'pid' and 'name') and, \
            where there is another end, 'peerAddress' and 'peerPort'.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Flag(help: "Show connections as well.")
    var all = false

    @Argument(help: "The session: id, beginning of it, or address.", completion: Completions.sessions)
    var session: String

    func run() throws {
        let reply = try service.connect().show(session: session)
        let scan = SocketScan(members: reply.members)
        let sockets = (scan?.sockets ?? []).filter { all || $0.isServing }
        if format.json { return try JSONOutput.write(sockets) }
        let name = reply.session.id
        guard !reply.members.isEmpty else { return StandardOutput.write("session '\(name)' has no processes\n") }
        guard let scan else {
            throw CommandFailure("cannot look into the processes of session '\(name)' in /proc (are they elsewhere?)")
        }
        guard !sockets.isEmpty else {
            let hint = scan.sockets.isEmpty ? "" : " (--all shows its connections)"
            return StandardOutput.write("nothing listens in session '\(name)'\(hint)\n")
        }
        StandardOutput.write(Self.table(sockets))
        if scan.isPartial {
            StandardError.write("vipns: some processes are other users' and could not be looked into\n")
        }
    }

    /// One row a socket.
    static func table(_ sockets: [SessionSocket]) -> Table {
        let hasPeers = sockets.contains { $0.peerPort != nil }
        var table =
            hasPeers
            ? Table("PROTO", "STATE", "LOCAL", "PEER", "USER", "PROCESS")
            : Table("PROTO", "STATE", "LOCAL", "USER", "PROCESS")
        for socket in sockets {
            var cells: [String?] = [socket.protocol, socket.state, SessionSocket.text(socket.address, socket.port)]
            if hasPeers { cells.append(peer(socket)) }
            table.add(cells: cells + [Account(uid: socket.uid).name, processes(socket)])
        }
        return table
    }

    private static func peer(_ socket: SessionSocket) -> String? {
        guard let address = socket.peerAddress, let port = socket.peerPort else { return nil }
        return SessionSocket.text(address, port)
    }

    /// `phone (1234)`, several with commas; nil where none is known.
    static func processes(_ socket: SessionSocket) -> String? {
        if socket.processes.isEmpty { return nil }
        return socket.processes.map { "\($0.name) (\($0.pid))" }.joined(separator: ", ")
    }
}
