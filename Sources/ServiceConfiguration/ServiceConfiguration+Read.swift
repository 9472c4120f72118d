internal import Glibc

extension ServiceConfiguration {
    /// The most octets that a configuration file may have: 1 MiB.
    public static let largestFile = 1 << 20

    /// Reads and checks the file at `path`, which must belong to `owner` and be writable by nobody else.
    ///
    /// Blocks for the disk. `host` are this machine's links, empty where they are not known; `hostFirewall` is nil where
    /// nothing is known of it, and so is `hasIPv6`; `hasGroup` is nil where groups are not to be looked up.
    public static func read(
        path: String, host: [HostLink], hostFirewall: HostFirewall? = nil, hasIPv6: Bool? = nil,
        owner: UInt32 = 0, hasGroup: ((String) -> Bool)? = nil
    ) -> ConfigurationReading {
        let octets: [UInt8]
        do {
            octets = try load(path, owner: owner)
        } catch {
            return ConfigurationReading(nil, error)
        }
        guard let text = String(validating: octets, as: UTF8.self) else {
            var problems = ProblemList(file: path)
            problems.error(firstIllFormed(octets), "this is not UTF-8 (is this a text file?)")
            return ConfigurationReading(nil, problems)
        }
        return parse(
            text: text, file: path, host: host, hostFirewall: hostFirewall, hasIPv6: hasIPv6, owner: owner,
            hasGroup: hasGroup)
    }

    /// The file's octets, of a file that can be trusted.
    private static func load(_ path: String, owner: UInt32) throws(ProblemList) -> [UInt8] {
        // Without O_NONBLOCK a FIFO of that name would hold the service up for ever.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        if let reason = distrust(path, status, owner: owner) { throw .whole(path, reason) }
        var octets: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { return octets }
            octets += chunk[..<count]
            guard octets.count <= largestFile else { throw .whole(path, "'\(path)' is larger than 1 MiB") }
        }
    }

    /// Why the file must not be used; nil where it may.
    private static func distrust(_ path: String, _ status: stat, owner: UInt32) -> String? {
        guard status.st_mode & S_IFMT == S_IFREG else { return "'\(path)' is not a regular file" }
        if status.st_uid != owner {
            let hint = owner == 0 ? "chown root '\(path)'" : "chown \(owner) '\(path)'"
            return "'\(path)' belongs to user \(status.st_uid), not to user \(owner) (run: \(hint))"
        }
        if status.st_mode & (S_IWGRP | S_IWOTH) != 0 {
            return "'\(path)' can be written by others than its owner (run: chmod go-w '\(path)')"
        }
        return nil
    }

    private static func unreadable(_ path: String, _ code: CInt) -> ProblemList {
        let reason = unsafe String(cString: strerror(code))
        return .whole(path, "cannot read '\(path)': \(reason)")
    }

    /// Where the first octet stands that does not belong to UTF-8.
    private static func firstIllFormed(_ octets: [UInt8]) -> Position {
        var place = Position.start
        var parser = Unicode.UTF8.ForwardParser()
        var iterator = octets.makeIterator()
        while case .valid(let encoded) = parser.parseScalar(from: &iterator) {
            place = encoded.first == 0x0A ? Position(line: place.line + 1, column: 1) : place.next
        }
        return place
    }
}
