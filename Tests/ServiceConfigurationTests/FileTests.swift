import Glibc
import ServiceConfiguration
import Testing

/// A directory of its own for a test, gone with it.
struct TemporaryDirectory: ~Copyable {
    let path: String

    init() throws {
        var template = Array("/tmp/vipns-configuration-XXXXXX".utf8CString)
        let isMade = unsafe mkdtemp(&template) != nil
        try #require(isMade)
        path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit {
        _ = unsafe unlink(path + "/f")
        _ = unsafe rmdir(path)
    }

    /// Writes the one file that the directory holds.
    func write(_ octets: [UInt8], mode: mode_t = 0o644) throws -> String {
        let file = path + "/f"
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        defer { _ = close(descriptor) }
        try #require(unsafe Glibc.write(descriptor, octets, octets.count) == octets.count)
        try #require(fchmod(descriptor, mode) == 0)
        return file
    }
}

@Suite struct FileTests {
    @Test func `a file of its owner alone is read`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Array(pool().utf8))
        let reading = ServiceConfiguration.read(path: file, host: testHost, owner: getuid())
        #expect(summary(reading) == [])
        #expect(reading.configuration == parse(pool()).configuration)
    }

    @Test(arguments: [mode_t(0o664), 0o646, 0o666])
    func `a file that others may write is refused`(mode: mode_t) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Array(pool().utf8), mode: mode)
        let reading = ServiceConfiguration.read(path: file, host: testHost, owner: getuid())
        #expect(reading.configuration == nil)
        #expect(
            reading.problems.map(\.description) == [
                "'\(file)' can be written by others than its owner (run: chmod go-w '\(file)')"
            ])
    }

    @Test func `a file of another owner is refused`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Array(pool().utf8))
        let reading = ServiceConfiguration.read(path: file, host: testHost, owner: getuid() + 1)
        #expect(reading.configuration == nil)
        #expect(
            reading.problems.map(\.description) == [
                "'\(file)' belongs to user \(getuid()), not to user \(getuid() + 1) (run: chown \(getuid() + 1) '\(file)')"
            ])
    }

    @Test func `what is no regular file is refused, and a FIFO is not waited for`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path
        let reading = ServiceConfiguration.read(path: path, host: testHost, owner: getuid())
        #expect(reading.problems.map(\.description) == ["'\(path)' is not a regular file"])
        let isMade = unsafe mkfifo(path + "/f", 0o600) == 0
        try #require(isMade)
        let fifo = ServiceConfiguration.read(path: path + "/f", host: testHost, owner: getuid())
        #expect(fifo.problems.map(\.description) == ["'\(path)/f' is not a regular file"])
    }

    @Test func `a file that is not there is reported with the cause`() throws {
        let directory = try TemporaryDirectory()
        let file = directory.path + "/f"
        let reading = ServiceConfiguration.read(path: file, host: testHost)
        #expect(reading.problems.map(\.description) == ["cannot read '\(file)': No such file or directory"])
    }

    @Test func `a file may have one mebibyte and no more`() throws {
        let directory = try TemporaryDirectory()
        let text = Array(pool().utf8) + Array("# ".utf8)
        let padding = [UInt8](repeating: UInt8(ascii: "x"), count: ServiceConfiguration.largestFile - text.count)
        let file = try directory.write(text + padding)
        #expect(summary(ServiceConfiguration.read(path: file, host: testHost, owner: getuid())) == [])
        _ = try directory.write(text + padding + [0x78])
        let reading = ServiceConfiguration.read(path: file, host: testHost, owner: getuid())
        #expect(reading.problems.map(\.description) == ["'\(file)' is larger than 1 MiB"])
    }

    @Test(arguments: [[UInt8(0xFF)], [0xC3], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80]])
    func `ill-formed UTF-8 is reported with its place`(octets: [UInt8]) throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(Array("pools:\n  ü".utf8) + octets)
        let reading = ServiceConfiguration.read(path: file, host: testHost, owner: getuid())
        #expect(summary(reading) == ["2:4 this is not UTF-8 (is this a text file?)"])
    }
}
