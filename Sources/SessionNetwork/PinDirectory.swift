public import Addressing
internal import CLinux
internal import Glibc
public import LinuxSystem

/// The mounts that name the sessions' namespaces: one file a session in `/run/vipns/netns`.
///
/// Path: `DIRECTORY/ID`, an nsfs mount over an empty file. Writer: the helper alone. Readers: root (`ip netns exec
/// vipns-ID` by the symbolic link `/run/netns/vipns-ID`). Lifetime: from the session's making to its end, at most one
/// boot. The directory is 0700 and a private mount, so that no other mount namespace gets copies that live longer.
public struct PinDirectory: Sendable {
    /// Where the pins are.
    public let path: String
    /// Where `ip netns` looks for names.
    public let namesPath: String

    /// Names the directories; nothing is made yet.
    public init(path: String, namesPath: String) {
        self.path = path
        self.namesPath = namesPath
    }

    /// Makes the directory where it is missing and turns it into a private mount of its own, once.
    ///
    /// - Throws: what failed.
    public func prepare() throws(NetworkError) {
        try attempt("make directory '\(path)'", accepting: .fileExists) { unsafe mkdir(path, 0o700) }
        try attempt("make directory '\(namesPath)'", accepting: .fileExists) { unsafe mkdir(namesPath, 0o755) }
        if try !isMountPoint() {
            try attempt("mount '\(path)' on itself") { unsafe vipns_bind_mount(path, path) }
        }
        try attempt("make mount '\(path)' private") { unsafe vipns_make_private(path) }
    }

    private func pin(_ session: SessionID) -> String { "\(path)/\(session)" }
    private func name(_ session: SessionID) -> String { "\(namesPath)/vipns-\(session)" }

    /// Pins the namespace under the session's id.
    ///
    /// - Throws: what failed; nothing is left then.
    public func add(_ session: SessionID, namespace: borrowing NetworkNamespace) throws(NetworkError) {
        let pin = pin(session)
        let source = namespace.descriptor.withRaw { "/proc/self/fd/\($0)" }
        do throws(Errno) {
            _ = try OwnedDescriptor.open(pin, O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600)
        } catch {
            throw NetworkError("make pin '\(pin)'", error)
        }
        do throws(NetworkError) {
            try attempt("mount namespace on pin '\(pin)'") { unsafe vipns_bind_mount(source, pin) }
            try attempt("link '\(name(session))' to the pin") { unsafe symlink(pin, name(session)) }
        } catch {
            try? remove(session)
            throw error
        }
    }

    /// Opens a pinned namespace.
    ///
    /// - Throws: ENOENT where there is no pin; EINVAL where the file is a wreck without a mount.
    public func open(_ session: SessionID) throws(NetworkError) -> NetworkNamespace {
        do throws(Errno) {
            return try NetworkNamespace.open(pin(session))
        } catch {
            throw NetworkError("open pin '\(pin(session))'", error)
        }
    }

    /// Takes a pin away: mount, file and name; any of them may be missing already.
    ///
    /// Goes on after a failure and reports the first.
    public func remove(_ session: SessionID) throws(NetworkError) {
        let pin = pin(session)
        var failure: NetworkError?
        func step(_ operation: String, accepting: Errno..., body: () -> Int32) {
            do throws(NetworkError) {
                try attempt(operation, accepting: accepting, body)
            } catch {
                failure = failure ?? error
            }
        }
        step("remove name '\(name(session))'", accepting: .noSuchFile) { unsafe unlink(name(session)) }
        // A plain umount costs a tenth of a lazy one, which waits for the kernel's RCU. It is refused while somebody has
        // the file open by this path. EINVAL: not a mount.
        step("unmount pin '\(pin)'", accepting: .noSuchFile, .invalidArgument) {
            let status = unsafe umount2(pin, Int32(UMOUNT_NOFOLLOW))
            return status == -1 && Errno.current.rawValue == EBUSY ? unsafe vipns_detach_mount(pin) : status
        }
        step("remove pin '\(pin)'", accepting: .noSuchFile) { unsafe unlink(pin) }
        if let failure { throw failure }
    }

    /// All session ids that have a pin, wrecks included.
    ///
    /// - Throws: what failed.
    public func list() throws(NetworkError) -> [SessionID] {
        do throws(Errno) {
            return try directoryEntries(path).compactMap { SessionID($0) }
        } catch {
            throw NetworkError("read directory '\(path)'", error)
        }
    }

    /// Takes away names in `/run/netns` that lead to pins that are gone.
    public func removeDanglingNames() {
        guard let names = try? directoryEntries(namesPath), let pins = try? Set(list()) else { return }
        for name in names where name.hasPrefix("vipns-") {
            guard let session = SessionID(String(name.dropFirst(6))), !pins.contains(session) else { continue }
            // Another installation's names are its own.
            guard readSymbolicLink(self.name(session)) == pin(session) else { continue }
            _ = unsafe unlink(self.name(session))
        }
    }

    /// Whether the directory is a mount of its own already: another one over it would hide the pins in it.
    private func isMountPoint() throws(NetworkError) -> Bool {
        do throws(Errno) {
            return try checked { unsafe vipns_is_mount_root(path) } == 1
        } catch {
            throw NetworkError("look at directory '\(path)'", error)
        }
    }
}

/// Runs one system call and puts a failure into words.
func attempt(_ operation: String, accepting: Errno..., body: () -> Int32) throws(NetworkError) {
    try attempt(operation, accepting: accepting, body)
}

private func attempt(_ operation: String, accepting: [Errno], _ body: () -> Int32) throws(NetworkError) {
    do throws(Errno) {
        try checked(body)
    } catch {
        if !accepting.contains(error) { throw NetworkError(operation, error) }
    }
}
