internal import CLinux
internal import Glibc

/// A process, held so that its number cannot come to mean another; pidfd_open(2).
///
/// The descriptor becomes readable when the process has ended.
public struct PidDescriptor: ~Copyable, Sendable {
    /// The pidfd; poll it for reading.
    public let descriptor: OwnedDescriptor

    /// Opens the process that has this number now.
    ///
    /// - Throws: ESRCH where there is none, or another errno.
    public init(pid: Int32) throws(Errno) { descriptor = try Self.opened { vipns_pidfd_open(pid) } }

    /// Takes over what `open` gives; all of its errors that say that there is no such process become ESRCH.
    static func opened(_ open: () -> CInt) throws(Errno) -> OwnedDescriptor {
        do throws(Errno) {
            return OwnedDescriptor(adopting: try checked(open))
        } catch .noSuchFile {
            // The number is that of a thread by now.
            throw .noSuchProcess
        } catch .invalidArgument {
            // Kernel < 6.16: EINVAL for the same, and for a peer whose end its parent has been told. Remove once 6.16 is the
            // oldest we support.
            throw .noSuchProcess
        }
    }

    /// Opens the process that connected the other end of `socket`.
    ///
    /// Kernel < 6.5: SO_PEERPIDFD is missing and the number is looked up. A successor of an ended peer is told by its start,
    /// which is later than the connection, or by the connection's end; what is left is a peer that ended and was succeeded
    /// before `acceptedAt`, or within the clock tick of 10 ms after it, while a child of it kept the connection. Remove once
    /// 6.5 is the oldest we support.
    ///
    /// `acceptedAt` is when the connection was there at the latest, in microseconds of CLOCK_BOOTTIME.
    /// - Throws: ESRCH where the peer has ended (from Linux 6.16 on its descriptor is given, and says so), or another errno.
    public init(peerOf socket: borrowing OwnedDescriptor, acceptedAt: Int64 = .max) throws(Errno) {
        let raw = socket.withRaw { $0 }
        do throws(Errno) {
            descriptor = try Self.opened { vipns_peer_pidfd(raw) }
        } catch .noProtocolOption {
            let pid = try PeerCredentials(of: socket).pid
            let before = try ProcessIdentity.find(pid: pid)
            let opened = try Self.opened { vipns_pidfd_open(pid) }
            // One process from here on; it was there before it connected; and it, or a child, has not hung up.
            guard try ProcessIdentity.find(pid: pid) == before, before.startMicroseconds <= acceptedAt,
                !socket.hasHungUp()
            else { throw .noSuchProcess }
            descriptor = opened
        }
    }

    /// Takes over a pidfd.
    public init(adopting descriptor: consuming OwnedDescriptor) { self.descriptor = descriptor }

    /// Gives up the type and keeps the descriptor.
    public consuming func intoDescriptor() -> OwnedDescriptor { descriptor }

    /// Sends a signal; pidfd_send_signal(2).
    ///
    /// - Throws: ESRCH where the process has ended already, EPERM.
    public borrowing func signal(_ signal: CInt) throws(Errno) {
        let raw = descriptor.withRaw { $0 }
        try checked { vipns_pidfd_signal(raw, signal) }
    }

    /// A copy of one of the process's descriptors; pidfd_getfd(2).
    ///
    /// Needs CAP_SYS_PTRACE for a process of somebody else.
    /// - Throws: EBADF where it has none of that number by now, ESRCH, EPERM.
    public borrowing func copy(of number: Int32) throws(Errno) -> OwnedDescriptor {
        let raw = descriptor.withRaw { $0 }
        let copy = vipns_pidfd_getfd(raw, number)
        // Not by `checked`: EBADF is an answer here, and no mistake of ours.
        if copy < 0 { throw Errno.current }
        return OwnedDescriptor(adopting: copy)
    }

    /// Whether the process has ended, without waiting.
    public var hasEnded: Bool { descriptor.isReadable(within: 0) }
}

extension OwnedDescriptor {
    /// Whether the descriptor becomes readable within `milliseconds`; poll(2).
    ///
    /// -1 waits without end.
    public borrowing func isReadable(within milliseconds: CInt) -> Bool {
        var entry = pollfd(fd: withRaw { $0 }, events: Int16(POLLIN), revents: 0)
        let ready = try? checked { unsafe poll(&entry, 1, milliseconds) }
        return (ready ?? 0) > 0
    }

    /// Whether the other end of a connected socket is closed, whatever is left to read from it; poll(2), POLLHUP.
    public borrowing func hasHungUp() -> Bool {
        var entry = pollfd(fd: withRaw { $0 }, events: 0, revents: 0)
        let ready = try? checked { unsafe poll(&entry, 1, 0) }
        return (ready ?? 0) > 0 && entry.revents & Int16(POLLHUP) != 0
    }
}
