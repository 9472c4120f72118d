internal import Glibc
internal import Testing

/// A folder of its own for each test; it goes with what is in it.
final class TemporaryFolder: Sendable {
    let path: String

    /// `isInMemory`: where nothing waits for a disk, if there is such a place.
    init(isInMemory: Bool = false) throws {
        // The string is lent for the call.
        let parent = unsafe isInMemory && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        var template = Array("\(parent)/vipns-store-XXXXXX".utf8CString)
        // mkdtemp writes into the array that it is lent, within its length.
        let made = unsafe mkdtemp(&template) != nil
        try #require(made)
        self.path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        for end in ["", "-wal", "-shm", ".reserve"] { _ = unsafe unlink("\(file)\(end)") }
        _ = unsafe rmdir(path)
    }

    /// Where a test keeps its store.
    var file: String { "\(path)/vipns.db" }
}
