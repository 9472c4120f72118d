internal import CPAM

/// A file descriptor with exactly one owner; closed when the owner goes away.
///
/// LinuxSystem's type of this kind cannot be imported into Embedded Swift.
struct Descriptor: ~Copyable {
    /// The number; -1 for none.
    private(set) var raw: CInt

    /// Takes ownership of `raw`, which is close-on-exec, or -1.
    init(adopting raw: CInt) { self.raw = raw }

    /// Holds nothing.
    static var none: Descriptor { Descriptor(adopting: -1) }

    deinit {
        if raw >= 0 { _ = close(raw) }
    }

    /// Whether there is one.
    var isThere: Bool { raw >= 0 }

    /// Gives ownership away.
    consuming func relinquish() -> CInt {
        let raw = self.raw
        self.raw = -1
        return raw
    }

    /// Device and inode of the open file; nil where it is not open; fstat(2).
    var identity: FileIdentity? { FileIdentity(descriptor: raw) }
}

/// What tells one file from another while both exist.
struct FileIdentity: Equatable {
    let device: UInt64
    let inode: UInt64

    private init(_ facts: stat) {
        device = UInt64(truncatingIfNeeded: facts.st_dev)
        inode = UInt64(truncatingIfNeeded: facts.st_ino)
    }

    /// The open file; nil where there is none.
    init?(descriptor: CInt) {
        var facts = stat()
        guard unsafe fstat(descriptor, &facts) == 0 else { return nil }
        self.init(facts)
    }

    /// The file that `path` leads to; nil where it cannot be seen.
    init?(path: Literal) {
        var facts = stat()
        guard unsafe stat(path.text.pointer, &facts) == 0 else { return nil }
        self.init(facts)
    }
}
