import Addressing
import Glibc
import LinuxSystem

/// Which addresses sessions may get on which parent links: all that the helper knows of the configuration.
///
/// Lines `PARENT FIRST-LAST`, written by a short-lived `vipnsd --allowance FILE` that runs as the service's user: what
/// parses the file has no privilege, and what has privilege parses only these lines.
struct Allowance {
    private var ranges: [String: [IPRange]] = [:]

    init() {}

    /// Reads the lines; nil where one is malformed.
    init?(lines: String) {
        for line in lines.split(separator: "\n") {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, !words[0].isEmpty, let range = IPRange(String(words[1])) else { return nil }
            ranges[String(words[0]), default: []].append(range)
        }
    }

    func permits(_ address: IPAddress, on parent: String) -> Bool {
        ranges[parent]?.contains { $0.contains(address) } ?? false
    }

    var description: String {
        ranges.isEmpty ? "nothing" : "\(ranges.values.joined().count) ranges on \(ranges.count) links"
    }
}

/// Where an allowance comes from.
struct AllowanceSource {
    let program: String
    let configuration: String
    let identity: ChildProcess.Identity

    /// Runs the program and reads what it writes; it has 10 s.
    ///
    /// - Throws: a sentence for the log; the program has written its own reasons to our standard error.
    func load() throws(HelperError) -> Allowance {
        let text: [UInt8]
        do throws(Errno) {
            text = try run()
        } catch {
            throw HelperError("read the allowance from '\(program) --allowance \(configuration)': \(error)")
        }
        guard let allowance = Allowance(lines: String(decoding: text, as: UTF8.self)) else {
            throw HelperError("read the allowance: '\(program)' wrote lines that are none")
        }
        return allowance
    }

    private func run() throws(Errno) -> [UInt8] {
        let pipe = try UnixSocket.pair(.stream)
        let child = try ChildProcess(
            program, arguments: ["--allowance", configuration], output: pipe.second.withRaw { $0 }, error: 2,
            identity: identity, options: .dieWithParent)
        let process = try PidDescriptor(pid: child.pid)
        let output = pipe.keepingFirst()
        try UnixSocket.setTimeouts(.seconds(10), on: output)
        let text = Result { () throws(Errno) in try output.readAll(limit: 1 << 20) }
        if case .failure = text { try? process.signal(SIGKILL) }
        guard try child.wait() == .exited(0) else { throw .invalidArgument }
        return try text.get()
    }
}

/// What ends the helper, or one request to reload, in words.
struct HelperError: Error, CustomStringConvertible {
    let description: String
    init(_ operation: String) { description = "cannot \(operation)" }
}
