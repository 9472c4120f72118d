import LinuxSystem

/// The journal's own socket, which takes entries with their fields: `journalctl VIPNS_SESSION=…` finds them.
struct JournalSocket: ~Copyable {
    private static let path = "/run/systemd/journal/socket"
    private var socket: OwnedDescriptor?

    /// Has the journal take an entry; waits while it is full, as a write to standard error does.
    ///
    /// - Returns: whether it has: there may be no journal, or not at the moment, or the entry is too long for it.
    mutating func send(_ entry: LogEntry) -> Bool {
        // A journal that was started anew has another socket at that path.
        offer(entry) || offer(entry)
    }

    private mutating func offer(_ entry: LogEntry) -> Bool {
        var current = socket.take()
        if current == nil { current = try? UnixSocket.connect(.datagram, to: Self.path) }
        guard let journal = current.take(), (try? UnixSocket.send(entry.datagram, on: journal)) != nil else {
            return false
        }
        socket = consume journal
        return true
    }
}
