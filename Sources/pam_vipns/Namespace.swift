internal import CLinux
internal import CPAM

/// The network namespace of the calling thread, and moving it; network_namespaces(7).
///
/// Only the calling thread moves, and what it starts afterwards.
enum Namespace {
    /// Opens the namespace that the caller is in.
    ///
    /// - Throws: ``Failure/enter(_:)``.
    static func current() throws(Failure) -> Descriptor {
        let descriptor = Descriptor(adopting: unsafe vipns_open("/proc/thread-self/ns/net"))
        guard descriptor.isThere else { throw .enter(vipns_errno()) }
        return descriptor
    }

    /// Checks that a descriptor that somebody sent is one to enter.
    ///
    /// It must be nsfs, a network namespace, owned by the caller's user namespace, and not `current`; and for a session also
    /// not that of process 1, where that can be seen.
    /// - Throws: ``Failure/namespace(_:)``.
    static func check(
        _ received: borrowing Descriptor, isForSession: Bool, current: borrowing Descriptor
    ) throws(Failure) {
        guard vipns_is_nsfs(received.raw) == 1 else { throw .namespace("it is no namespace") }
        guard vipns_ns_type(received.raw) == vipns_clone_newnet else {
            throw .namespace("it is no network namespace")
        }
        guard let identity = received.identity, identity != current.identity else {
            throw .namespace("it is the one that the login is in")
        }
        let owner = Descriptor(adopting: vipns_ns_owner(received.raw))
        guard let ours = FileIdentity(path: "/proc/thread-self/ns/user"), owner.identity == ours else {
            throw .namespace("it belongs to another user namespace")
        }
        if isForSession, identity == FileIdentity(path: "/proc/1/ns/net") {
            throw .namespace("it is the host's own")
        }
    }

    /// Moves the calling thread in; setns(2).
    ///
    /// Needs CAP_SYS_ADMIN.
    ///
    /// - Throws: ``Failure/enter(_:)``.
    static func enter(_ descriptor: CInt) throws(Failure) {
        if vipns_setns(descriptor, vipns_clone_newnet) != 0 { throw .enter(vipns_errno()) }
    }
}
