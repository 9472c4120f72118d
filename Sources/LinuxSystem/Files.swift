internal import Glibc

/// Reads a small file whole, such as those of /proc; at most `limit` octets.
///
/// - Throws: the errno; EMSGSIZE past `limit`.
public func readFile(_ path: String, limit: Int = 1 << 20) throws(Errno) -> [UInt8] {
    let file = try OwnedDescriptor.open(path, O_RDONLY)
    return try file.readAll(limit: limit)
}

/// Reads a small text file; ill-formed UTF-8 is replaced.
///
/// - Throws: the errno; EMSGSIZE past 1 MiB.
public func readTextFile(_ path: String) throws(Errno) -> String {
    String(decoding: try readFile(path), as: UTF8.self)
}

/// Writes a file in one write(2), as /proc/sys wants it; the file must exist unless `flags` has O_CREAT.
///
/// - Throws: the errno; EIO where the kernel took less than all.
public func writeFile(_ path: String, _ text: String, flags: CInt = 0, mode: UInt32 = 0o644) throws(Errno) {
    try OwnedDescriptor.open(path, O_WRONLY | flags, mode: mode).writeWhole(text)
}

/// Writes all of `text` to standard output (1) or standard error (2), past any buffer.
///
/// - Throws: the errno; EBADF where the program was started without that.
public func writeAll(_ text: String, to standardStream: CInt) throws(Errno) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe write(standardStream, $0.baseAddress, $0.count) }
        if count != -1 {
            rest = rest.dropFirst(count)
        } else if Errno.current != .interrupted {
            throw .current
        }
    }
}

/// Random octets from the kernel; getrandom(2).
public func randomOctets(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}

/// Whose the file is that `path` leads to; stat(2).
///
/// - Throws: the errno.
public func fileOwner(_ path: String) throws(Errno) -> UInt32 {
    var facts = stat()
    try checked { unsafe stat(path, &facts) }
    return facts.st_uid
}

extension OwnedDescriptor {
    /// Writes a text in one write(2).
    ///
    /// - Throws: the errno; EIO where the kernel took less than all.
    borrowing func writeWhole(_ text: String) throws(Errno) {
        let octets = Array(text.utf8)
        let raw = withRaw { $0 }
        let written = try checked { unsafe write(raw, octets, octets.count) }
        guard written == octets.count else { throw Errno(rawValue: EIO) }
    }

    /// Reads to the end of the file; at most `limit` octets.
    ///
    /// - Throws: the errno; EMSGSIZE past `limit`.
    public borrowing func readAll(limit: Int) throws(Errno) -> [UInt8] {
        let raw = withRaw { $0 }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = try checked { unsafe read(raw, &chunk, chunk.count) }
            if count == 0 { return octets }
            octets += chunk[..<count]
            if octets.count > limit { throw .messageSize }
        }
    }
}

/// The names in a directory, without `.` and `..`, in no order.
///
/// - Throws: the errno.
public func directoryEntries(_ path: String) throws(Errno) -> [String] {
    guard let directory = unsafe opendir(path) else { throw Errno.current }
    defer { _ = unsafe closedir(directory) }
    var names: [String] = []
    while true {
        // readdir(3) tells an error from the end by errno alone.
        errno = 0
        guard let entry = unsafe readdir(directory) else { break }
        // Sound: the kernel closes d_name with a NUL inside the entry.
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    let failure = Errno.current
    if failure.rawValue != 0 { throw failure }
    return names
}

/// What a symbolic link says; readlink(2).
///
/// - Throws: the errno; ENAMETOOLONG where it is longer than 255 octets.
public func symbolicLink(_ path: String) throws(Errno) -> String {
    var text = [CChar](repeating: 0, count: 256)
    let size = try checked { unsafe readlink(path, &text, text.count) }
    guard size < text.count else { throw Errno(rawValue: ENAMETOOLONG) }
    return String(decoding: text.prefix(size).map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// The same; nil where it cannot be read.
public func readSymbolicLink(_ path: String) -> String? { try? symbolicLink(path) }
