import Addressing
import Glibc
import HelperChannel
import LinuxSystem

/// Which addresses sessions may get on which parent links, and which firewalls root may load: all that the helper knows of
/// the configuration.
///
/// Lines `PARENT FIRST-LAST` and `/PATH`, which no link's name can begin with, written by a short-lived `vipnsd --allowance FILE` that runs as nobody: what parses
/// the file has no privilege, and what has privilege parses only these lines.
struct Allowance: Equatable {
    /// Of the text that it was read from.
    let checksum: UInt64
    private var ranges: [String: [IPRange]] = [:]
    private var firewalls: Set<String> = []

    /// Reads the lines; nil where one is malformed.
    init?(lines: String) {
        checksum = HelperProtocol.checksum(of: lines.utf8)
        for line in lines.split(separator: "\n") {
            if line.first == "/" {
                guard NamespacePreparation.isFirewallPath(String(line)) else { return nil }
                firewalls.insert(String(line))
                continue
            }
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            guard words.count == 2, !words[0].isEmpty, let range = IPRange(String(words[1])) else { return nil }
            ranges[String(words[0]), default: []].append(range)
        }
    }

    func permits(_ address: IPAddress, on parent: String) -> Bool {
        ranges[parent]?.contains { $0.contains(address) } ?? false
    }

    func permits(firewall path: String) -> Bool { firewalls.contains(path) }

    var description: String {
        guard !ranges.isEmpty else { return "nothing" }
        let files = firewalls.isEmpty ? "" : ", load \(firewalls.count) firewalls"
        return "\(ranges.values.joined().count) ranges on \(ranges.count) links\(files)"
    }
}

/// The allowance in force, and former ones that the service may still be granting from.
///
/// Between the reading of a new one here and the moment in which the service grants from nothing else, both count: no
/// session that is being opened just then may be refused.
struct Allowances {
    private(set) var current: Allowance
    private var former: [Allowance] = []

    init(_ allowance: Allowance) { current = allowance }

    func permit(_ isAllowed: (Allowance) -> Bool) -> Bool { isAllowed(current) || former.contains(where: isAllowed) }

    mutating func succeed(by allowance: Allowance) {
        former.removeAll { $0 == allowance }
        if current != allowance { former.append(current) }
        current = allowance
    }

    mutating func settle() { former = [] }
}

/// Where an allowance comes from.
struct AllowanceSource {
    let program: String
    let configuration: String
    let identity: ChildProcess.Identity

    /// Runs the program and reads what it writes.
    ///
    /// Blocks for `patience` at most, and a little for the program's end.
    ///
    /// - Throws: a sentence for the log; the program has written its own reasons to our standard error.
    func load(within patience: Duration) throws(HelperError) -> Allowance {
        let text: [UInt8]
        do throws(Errno) {
            text = try run(within: patience)
        } catch {
            throw HelperError("read the allowance from '\(program) --allowance \(configuration)': \(error)")
        }
        guard let allowance = Allowance(lines: String(decoding: text, as: UTF8.self)) else {
            throw HelperError("read the allowance: '\(program)' wrote lines that are none")
        }
        return allowance
    }

    /// Nobody's user, with the service's group for a file that only that may read.
    ///
    /// Not the service's user: it could write into the memory of a process of its own, and so its own allowance.
    private var reader: ChildProcess.Identity { ChildProcess.Identity(uid: 65534, gid: identity.gid) }

    private func run(within patience: Duration) throws(Errno) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        let pipe = try UnixSocket.pair(.stream)
        let child = try ChildProcess(
            program, arguments: ["--allowance", configuration], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
            output: pipe.second.withRaw { $0 }, error: 2, identity: reader, options: .dieWithParent)
        let process = try PidDescriptor(pid: child.pid)
        let output = pipe.keepingFirst()
        let text = Result { () throws(Errno) in try read(output, until: deadline) }
        if case .failure = text { try? process.signal(SIGKILL) }
        if !process.descriptor.isReadable(within: 1000) { try? process.signal(SIGKILL) }
        // Whoever survives that is not waited for.
        guard process.descriptor.isReadable(within: 1000) else { throw .timedOut }
        guard try child.wait() == .exited(0) else { throw .invalidArgument }
        return try text.get()
    }

    private func read(
        _ output: borrowing OwnedDescriptor, until deadline: ContinuousClock.Instant
    ) throws(Errno) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            let left = (deadline - .now).milliseconds
            guard left > 0, output.isReadable(within: Int32(clamping: left)) else { throw .timedOut }
            let part = try UnixSocket.receive(limit: 65_536, on: output).octets
            if part.isEmpty { return text }
            text += part
            if text.count > 1 << 20 { throw .messageSize }
        }
    }
}

/// What ends the helper, or one request to reload, in words.
struct HelperError: Error, CustomStringConvertible {
    let description: String
    init(_ operation: String) { description = "cannot \(operation)" }
}
