import Glibc
import LinuxSystem

/// How a program ended, and what it wrote.
struct Outcome {
    /// As a shell reports it; 124 where it was killed because its time was up.
    let status: Int32
    /// Without the last line's end.
    let output: String
    /// Without the last line's end.
    let errors: String
}

/// A program that was started: its output line by line, its end in bounded time.
final class Running {
    /// Its number, as the test sees it.
    let pid: Int32
    private var child: ChildProcess?
    private let process: PidDescriptor
    private let channel: LineChannel
    private let errors: OwnedDescriptor

    /// Starts it; standard input and output are one socket, errors go to a file.
    init(
        _ words: [String], environment: [String]? = nil, options: ChildProcess.Options = [.dieWithParent, .detached]
    ) throws {
        let pair = try UnixSocket.pair(.stream)
        let raw = pair.second.withRaw { $0 }
        errors = try OwnedDescriptor.open("/tmp", O_RDWR | temporaryFile, mode: 0o600)
        let child = try ChildProcess(
            words[0], arguments: Array(words.dropFirst()), environment: environment, input: raw, output: raw,
            error: errors.withRaw { $0 }, options: options)
        pid = child.pid
        process = try PidDescriptor(pid: child.pid)
        self.child = consume child
        channel = LineChannel(pair.keepingFirst())
    }

    /// Nothing may stay behind as a zombie: Swift Testing, where it waits for an exit test's child, asks for any child that
    /// has ended, and is given the same foreign one for ever.
    deinit {
        guard let child = child.take() else { return }
        kill()
        _ = try? child.wait()
    }

    /// Sends a line to its standard input.
    func say(_ line: String) throws { try channel.say(line) }

    /// Ends its standard input.
    func endInput() { channel.endOutput() }

    /// The next line of its output.
    ///
    /// - Throws: where none comes in time.
    func line(within limit: Duration = .seconds(10)) throws -> String {
        guard let line = channel.line(within: limit) else {
            throw TestFailure(
                "no line from process \(pid) after \(limit): \(text(channel.unread)) \(text(errorOctets()))")
        }
        return line
    }

    /// Whether it has ended.
    var hasEnded: Bool { process.hasEnded }

    /// Waits for its end; kills it where that does not come in time.
    @discardableResult
    func end(within limit: Duration = .seconds(20)) throws -> Outcome {
        let deadline = ContinuousClock.now + limit
        var isOverdue = false
        while !process.hasEnded {
            if !isOverdue, ContinuousClock.now > deadline {
                isOverdue = true
                kill()
            }
            if !channel.receive(within: .milliseconds(20)) { _ = process.descriptor.isReadable(within: 5) }
        }
        while channel.receive(within: .zero) {}
        let ending = try child.take()?.wait()
        defer { channel.forgetUnread() }
        return Outcome(
            status: isOverdue ? 124 : ending?.shellStatus ?? -1, output: text(channel.unread),
            errors: text(errorOctets()))
    }

    /// Kills the process that was started: outside of the lab that is what stands for it, not the process in it.
    func kill() { try? process.signal(SIGKILL) }

    private func errorOctets() -> [UInt8] {
        _ = errors.withRaw { lseek($0, 0, SEEK_SET) }
        return (try? errors.readAll(limit: 1 << 20)) ?? []
    }

    private func text(_ octets: [UInt8]) -> String {
        var text = String(decoding: octets, as: UTF8.self)
        while text.last?.isNewline == true { text.removeLast() }
        return text
    }
}

/// open(2): O_TMPFILE, which is a sum of macros that the importer leaves out; the same on x86-64 and arm64.
private let temporaryFile: Int32 = 0o20000000 | O_DIRECTORY
