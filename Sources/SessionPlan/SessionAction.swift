/// What the driver shall do for a session, in the order given.
///
/// Requests to the store and the helper are answered by an event, once; a lost answer is the event of failure. An
/// action without an answer may fail: the plan never builds on it.
public enum SessionAction: Sendable, Hashable {
    /// Store the intent and open the history record in one durable transaction; answered.
    case storeIntent
    /// Make the namespace, at the same time as the transaction; answered.
    case makeNamespace
    /// Send the batch that makes link, addresses and routes, and announce; answered.
    case connectNetwork
    /// Give the opener its reply and the descriptor.
    case handOver
    /// Tell the opener why there is no session.
    case refuse(OpenFailure)
    /// Write state, cookie and leaders to the store without waiting; harmless when there is no row.
    case recordState
    /// Watch the leader's process for its end.
    case watchLeader(LeaderID)
    /// Drop what is held for the leader.
    case forgetLeader(LeaderID)
    /// Count the session's members; answered, with 0 when the namespace is not there.
    case countMembers
    /// Kill the session's members until none is left; answered.
    case killMembers
    /// Drop the service's connections that belong to the namespace: an accepted one keeps it alive.
    case dropConnections
    /// Destroy TCP sockets, remove pin and symlink, drop descriptors; answered, and good when there is nothing.
    case dismantle
    /// Remove only the pin: processes live on with their sockets.
    case unpin
    /// Delete the link by the namespace's number; answered.
    case deleteLink
    /// Log who still holds the session: processes or orphaned sockets.
    case reportHolders
    /// Close the history record and let the lease rest; harmless when there is no row.
    case recordEnd(EndReason)
    /// Start a timer; none of that kind runs.
    case startTimer(TimerKind)
    /// Stop a timer; its event may still be under way and is then ignored.
    case stopTimer(TimerKind)
    /// Delete the lease row, return the address to the pool and forget the plan; harmless when there is no row.
    case release
    /// Tell those who watch sessions.
    case announce(Notice)
    /// Answer everybody who waits for this session's close.
    case settleClosers
}

/// Why an opener gets no session.
public enum OpenFailure: Sendable, Hashable, CaseIterable {
    /// The intent could not be stored.
    case intent
    /// The namespace could not be made, or was destroyed meanwhile.
    case namespace
    /// The network could not be connected.
    case network
    /// Something else owns the address.
    case addressInUse
    /// Somebody closed the session before it was made.
    case closed
}

/// What those who watch sessions are told.
public enum Notice: Sendable, Hashable, CaseIterable {
    /// The opener has its session.
    case opened
    /// A leader is in.
    case entered
    /// Leaders are gone, other processes are not.
    case lingering
    /// The session is ending.
    case closing
    /// Nothing of the session is left in the kernel.
    case closed
    /// The address may be granted again.
    case freed
    /// The open was called off by a close.
    case refused
    /// The open failed.
    case failed
}
