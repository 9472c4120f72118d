internal import CLinux
internal import Glibc

/// A network namespace, held by a descriptor; network_namespaces(7).
///
/// As long as this value lives the namespace lives, with its links and addresses: hold it no longer than needed.
public struct NetworkNamespace: ~Copyable, Sendable {
    /// The nsfs file, open for reading.
    public let descriptor: OwnedDescriptor

    /// The namespace that the calling thread is in.
    ///
    /// - Throws: the errno, EMFILE above all.
    public static func current() throws(Errno) -> NetworkNamespace {
        NetworkNamespace(unchecked: try OwnedDescriptor.open("/proc/thread-self/ns/net", O_RDONLY))
    }

    /// Opens the namespace that `path` names: a pin, or `/proc/PID/ns/net`.
    ///
    /// - Throws: the errno; EINVAL where the file is no network namespace.
    public static func open(_ path: String) throws(Errno) -> NetworkNamespace {
        let descriptor = try OwnedDescriptor.open(path, O_RDONLY)
        guard isNetworkNamespace(descriptor) else { throw .invalidArgument }
        return NetworkNamespace(unchecked: descriptor)
    }

    /// Makes a namespace that nothing else holds, without moving the calling thread.
    ///
    /// Needs CAP_SYS_ADMIN. `prepare` runs inside, on the thread that made it, before anyone else can know of it.
    /// - Throws: the errno of unshare(2), ENOSPC where `user.max_net_namespaces` is reached; or what `prepare` throws.
    public static func make<Result: Sendable>(
        prepare: @escaping @Sendable () throws(Errno) -> Result
    ) throws(Errno) -> Made<Result> {
        let (raw, result) = try onOwnThread { () throws(Errno) -> (CInt, Result) in
            try checked { vipns_unshare(vipns_clone_newnet) }
            let namespace = try NetworkNamespace.current()
            let result = try prepare()
            return (namespace.intoDescriptor().relinquish(), result)
        }
        return Made(namespace: NetworkNamespace(unchecked: OwnedDescriptor(adopting: raw)), result: result)
    }

    /// A new namespace and what its preparation gave.
    public struct Made<Result: Sendable>: ~Copyable {
        /// The only hold on the namespace.
        public let namespace: NetworkNamespace
        /// What the closure returned.
        public let result: Result

        /// Keeps the namespace alone.
        public consuming func intoNamespace() -> NetworkNamespace { namespace }
    }

    /// Gives up the checks that this type stands for and keeps the descriptor.
    public consuming func intoDescriptor() -> OwnedDescriptor { descriptor }

    /// Adopts a descriptor that somebody sent, after checking that it is safe to enter.
    ///
    /// It must be nsfs, a network namespace, owned by this process's user namespace, and not this process's own.
    /// - Throws: EINVAL where one of these does not hold, or the errno of looking.
    public init(received descriptor: consuming OwnedDescriptor) throws(Errno) {
        let own = try FileIdentity(path: "/proc/thread-self/ns/net")
        let owner = try FileIdentity(path: "/proc/thread-self/ns/user")
        let identity = try descriptor.identity()
        guard Self.isNetworkNamespace(descriptor), identity != own, Self.owner(of: descriptor) == owner else {
            throw .invalidArgument
        }
        self.descriptor = descriptor
    }

    private init(unchecked descriptor: consuming OwnedDescriptor) {
        self.descriptor = descriptor
    }

    private static func isNetworkNamespace(_ descriptor: borrowing OwnedDescriptor) -> Bool {
        descriptor.withRaw { vipns_is_nsfs($0) == 1 && vipns_ns_type($0) == vipns_clone_newnet }
    }

    private static func owner(of descriptor: borrowing OwnedDescriptor) -> FileIdentity? {
        let raw = descriptor.withRaw { vipns_ns_owner($0) }
        guard raw >= 0 else { return nil }
        return try? OwnedDescriptor(adopting: raw).identity()
    }

    /// Moves the calling thread in for good; threads that it makes later follow, threads that exist stay where they are.
    ///
    /// Needs CAP_SYS_ADMIN. For programs that are about to become something else (`vipns enter`), and raw threads.
    /// - Throws: the errno of setns(2).
    public borrowing func enter() throws(Errno) {
        let result = descriptor.withRaw { raw in vipns_setns(raw, vipns_clone_newnet) }
        if result == -1 { throw Errno.current }
    }

    /// Runs `body` on a thread of its own inside the namespace and waits for it.
    ///
    /// `body` must be synchronous to the end: no task, no Dispatch, no name lookup; each would carry the namespace into
    /// the rest of the process. Needs CAP_SYS_ADMIN.
    /// - Throws: the errno of making the thread or of setns(2), or what `body` throws.
    public borrowing func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws(Errno) -> Result
    ) throws(Errno) -> Result {
        let raw = descriptor.withRaw { $0 }
        return try onOwnThread { () throws(Errno) in
            try checked { vipns_setns(raw, vipns_clone_newnet) }
            return try body()
        }
    }

    /// Runs `body` inside of one namespace after another, all on one thread of its own, and waits for it.
    ///
    /// To make a thread and wait for it costs more than what is done inside. A namespace that `open` does not give, or that
    /// cannot be entered, is passed over, and a failure of `body` concerns nobody else. As with ``run(_:)`` all must be
    /// synchronous to the end. Needs CAP_SYS_ADMIN.
    /// - Throws: the errno of making the thread.
    public static func run<Key: Sendable>(
        inEach keys: [Key], open: @escaping @Sendable (Key) -> NetworkNamespace?,
        _ body: @escaping @Sendable () throws(Errno) -> Void
    ) throws(Errno) {
        try onOwnThread { () throws(Errno) in
            for key in keys {
                // Where it cannot enter it is still in the one before, or in the host's: nothing may be done there.
                guard let namespace = open(key), (try? namespace.enter()) != nil else { continue }
                try? body()
            }
        }
    }

    /// The number that the kernel gives a namespace and never gives again before the next boot; SO_NETNS_COOKIE.
    ///
    /// - Throws: the errno; ENOPROTOOPT before Linux 5.14.
    public borrowing func cookie() throws(Errno) -> UInt64 {
        try run { () throws(Errno) in try NetworkNamespace.cookieOfCallingThread() }
    }

    /// The cookie of the namespace that the calling thread is in.
    ///
    /// - Throws: the errno; ENOPROTOOPT before Linux 5.14.
    public static func cookieOfCallingThread() throws(Errno) -> UInt64 {
        let socket = OwnedDescriptor(adopting: try checked { vipns_socket_stream() })
        return try PeerCredentials.networkNamespaceCookie(of: socket)
    }
}
