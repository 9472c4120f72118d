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

    /// Makes the directory again where it is gone, or no mount of its own any more.
    ///
    /// - Returns: whether it had to.
    /// - Throws: what failed.
    func prepareAgain() throws(NetworkError) -> Bool {
        var facts = stat()
        let isNamesThere = unsafe stat(namesPath, &facts) == 0
        let isThere = unsafe lstat(path, &facts) == 0 && vipns_is_mount_root(path) == 1
        if isThere && isNamesThere { return false }
        try prepare()
        return true
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

    /// Makes the name of a pin where it is missing, or leads elsewhere.
    ///
    /// - Throws: what failed.
    func name(again session: SessionID) throws(NetworkError) {
        let (pin, name) = (pin(session), name(session))
        do throws(NetworkError) {
            try attempt("link '\(name)' to the pin") { unsafe symlink(pin, name) }
        } catch  where error.errno == .fileExists {
            guard readSymbolicLink(name) != pin else { return }
            try attempt("remove '\(name)'") { unsafe unlink(name) }
            try attempt("link '\(name)' to the pin") { unsafe symlink(pin, name) }
        }
    }

    /// Whether the pin is a mount of a namespace, and its name leads to it.
    ///
    /// Of which namespace is not looked at: that would cost an open, and a question to the kernel, for each.
    func isWhole(_ session: SessionID) -> Bool {
        let pin = pin(session)
        return unsafe vipns_is_nsfs_path(pin) == 1 && readSymbolicLink(name(session)) == pin
    }

    /// The inode of the namespace that is pinned; nil where none is.
    func inode(_ session: SessionID) -> UInt64? {
        let pin = pin(session)
        guard unsafe vipns_is_nsfs_path(pin) == 1 else { return nil }
        return try? FileIdentity(path: pin).inode
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

    /// The sessions that have a name in `/run/netns` that leads to a pin that is gone.
    func danglingNames() -> [SessionID] {
        guard let names = try? directoryEntries(namesPath), let pins = try? Set(list()) else { return [] }
        return names.filter { $0.hasPrefix("vipns-") }.compactMap { name in
            // Another installation's names are its own.
            guard let session = SessionID(String(name.dropFirst(6))), !pins.contains(session),
                readSymbolicLink(self.name(session)) == pin(session)
            else { return nil }
            return session
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
