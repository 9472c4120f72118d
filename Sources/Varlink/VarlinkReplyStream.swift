public import LinuxSystem

/// Where a streaming handler puts the replies before its last one.
public struct VarlinkReplyStream: Sendable {
    /// The connection that is answered.
    public let connection: VarlinkConnection
    let isOneway: Bool

    /// Sends a reply that says that more follow, and waits until the socket took it.
    ///
    /// - Throws: ``VarlinkSendError``, or what the encoder throws.
    public func send(_ parameters: some Encodable, passing descriptor: consuming OwnedDescriptor? = nil) async throws {
        try await send(VarlinkReply(parameters, passing: descriptor))
    }

    /// Sends a reply that says that more follow, and waits until the socket took it.
    ///
    /// - Throws: that the client has gone or the reply is too long.
    public func send(_ reply: consuming VarlinkReply) async throws(VarlinkSendError) {
        guard !isOneway else { return }
        let octets = VarlinkReply.frame(parameters: reply.parameters, continues: true)
        try connection.send(octets, passing: reply.takeDescriptor())
        try await connection.waitUntilSent()
    }
}

/// Why a reply was not sent.
public enum VarlinkSendError: Error, Hashable, Sendable {
    /// The client has gone, or did not read for longer than is allowed, or the service closed the connection.
    case connectionClosed
    /// The reply is longer than a client has to take.
    case replyTooLong(maximumOctets: Int)
}
