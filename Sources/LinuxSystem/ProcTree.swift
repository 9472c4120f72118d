internal import CLinux
internal import Glibc

/// The files of /proc: those that everybody sees, or those of an instance of our own.
///
/// The kernel keeps, for each network namespace in which somebody looked up a file below `/proc/sys/net`, an entry of its own
/// under the same name, and all of them in one chain: with 4,000 namespaces a look-up takes 0.35 ms. A young instance has
/// none of them.
public struct ProcTree: Sendable {
    /// The root directory; nil for /proc.
    private let root: Root?

    private final class Root: Sendable {
        let directory: OwnedDescriptor
        init(_ directory: consuming OwnedDescriptor) { self.directory = directory }
    }

    private init(_ root: Root?) { self.root = root }

    /// What is mounted on /proc.
    public static let shared = ProcTree(nil)

    /// Makes an instance that is attached nowhere and goes with the last copy of this value; fsopen(2).
    ///
    /// - Throws: EPERM without CAP_SYS_ADMIN or where a filter of system calls forbids it, ENOSYS.
    public static func makePrivate() throws(Errno) -> ProcTree {
        ProcTree(Root(OwnedDescriptor(adopting: try checked { vipns_mount_proc() })))
    }

    /// Opens a file; `path` has no leading slash.
    ///
    /// What is below `sys/net` is that of the calling thread's namespace.
    /// - Throws: the errno.
    public func open(_ path: String, _ flags: CInt) throws(Errno) -> OwnedDescriptor {
        guard let root else { return try OwnedDescriptor.open("/proc/\(path)", flags) }
        let raw = root.directory.withRaw { $0 }
        return OwnedDescriptor(adopting: try checked { unsafe openat(raw, path, flags | O_CLOEXEC) })
    }

    /// Writes a file that is there in one write(2), as those of `sys` want it.
    ///
    /// - Throws: the errno; EIO where the kernel took less than all.
    public func write(_ path: String, _ text: String) throws(Errno) {
        try open(path, O_WRONLY).writeWhole(text)
    }
}
