internal import Glibc
internal import LinuxSystem

/// nft(8), which loads a script into the namespace of the thread that calls.
enum NftProgram {
    /// Where nft is on the distributions.
    private static let places = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"]
    /// A login waits: what takes longer is killed, and the open fails.
    private static let patience = Duration.seconds(1)

    /// Has nft load what it reads from `script`, whole or not at all.
    ///
    /// `operation` is what messages say was tried, as it follows "cannot".
    ///
    /// - Throws: what nft says of it.
    static func load(_ script: borrowing OwnedDescriptor, _ operation: String) throws(NetworkError) {
        guard let program = places.first(where: { unsafe access($0, X_OK) == 0 }) else {
            throw NetworkError(operation, .noSuchFile, hint: "'nft' is needed: install nftables")
        }
        let outcome: (ending: ChildProcess.Ending, words: String)
        do throws(Errno) {
            outcome = try run(program, script)
        } catch .timedOut {
            // Not ETIMEDOUT: the service would take that for a helper that hangs.
            throw NetworkError(
                sentence: "cannot \(operation): '\(program)' is not done after \(patience)", errno: .invalidArgument)
        } catch {
            throw NetworkError("\(operation) by '\(program)'", error)
        }
        guard outcome.ending == .exited(0) else {
            throw NetworkError(
                sentence: "cannot \(operation): \(reason(outcome.words, outcome.ending))", errno: .invalidArgument)
        }
    }

    /// The child inherits the namespace of the thread that makes it.
    private static func run(
        _ program: String, _ script: borrowing OwnedDescriptor
    ) throws(Errno) -> (ChildProcess.Ending, String) {
        let words = try UnixSocket.pair(.stream)
        // From the start, whoever read it before: the descriptor is this session's own.
        let child = ShortLivedChild(
            try ChildProcess(
                program, arguments: ["-f", "-"], environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                input: script.withRaw { $0 }, error: words.second.withRaw { $0 }, options: .dieWithParent))
        let process = try PidDescriptor(pid: child.pid)
        let output = words.keepingFirst()
        let deadline = ContinuousClock.now + patience
        var text: [UInt8] = []
        while output.isReadable(within: Int32(clamping: max(0, (deadline - .now).milliseconds))) {
            let part = try UnixSocket.receive(limit: 4096, on: output).octets
            if part.isEmpty { break }
            // Read on to the end, so that it does not wait for us; the first words are what matters.
            if text.count < 4096 { text += part }
        }
        let left = max(0, (deadline - .now).milliseconds)
        guard process.descriptor.isReadable(within: Int32(clamping: left)) else { throw .timedOut }
        return (try child.wait(), String(decoding: text, as: UTF8.self))
    }

    /// nft's first sentence without its name for the script: `line 3:9-14: Error: syntax error, unexpected string`.
    private static func reason(_ words: String, _ ending: ChildProcess.Ending) -> String {
        guard let first = words.split(separator: "\n").first else {
            return "'nft' ended with status \(ending.shellStatus)"
        }
        let line = first.hasPrefix("/dev/stdin:") ? "line \(first.dropFirst(11))" : String(first)
        let shown = line.unicodeScalars.prefix(400).map {
            $0.properties.generalCategory == .control ? "?" : Character($0)
        }
        return String(shown)
    }
}
