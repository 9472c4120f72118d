import Glibc
import LinuxSystem

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
        do throws(ReadingFailure) {
            guard let allowance = Allowance(lines: String(decoding: try run(within: patience), as: UTF8.self)) else {
                throw .noLines
            }
            return allowance
        } catch {
            throw HelperError("read the allowance from '\(program) --allowance \(configuration)': \(error)")
        }
    }

    /// Nobody's user, with the service's group for a file that only that may read.
    ///
    /// Not the service's user: it could write into the memory of a process of its own, and so its own allowance.
    private var reader: ChildProcess.Identity { ChildProcess.Identity(uid: 65534, gid: identity.gid) }

    private func run(within patience: Duration) throws(ReadingFailure) -> [UInt8] {
        let deadline = ContinuousClock.now + patience
        let pipe = try attempt { () throws(Errno) in try UnixSocket.pair(.stream) }
        let child = try attempt { () throws(Errno) in
            ShortLivedChild(
                try ChildProcess(
                    program, arguments: ["--allowance", configuration],
                    environment: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
                    output: pipe.second.withRaw { $0 }, error: 2, identity: reader, options: .dieWithParent))
        }
        let process = try attempt { () throws(Errno) in try PidDescriptor(pid: child.pid) }
        let output = pipe.keepingFirst()
        let text = Result { () throws(ReadingFailure) in try read(output, until: deadline, patience: patience) }
        // Before its output is closed, of which it would complain.
        if case .failure = text { try? process.signal(SIGKILL) }
        let octets = try text.get()
        guard process.descriptor.isReadable(within: 1000) else { throw .tooSlow(patience) }
        let ending = try ended(child)
        guard ending == .exited(0) else { throw .ended(ending) }
        return octets
    }

    private func ended(_ child: consuming ShortLivedChild) throws(ReadingFailure) -> ChildProcess.Ending {
        do throws(Errno) {
            return try child.wait()
        } catch {
            throw .notRun(error)
        }
    }

    private func attempt<Value: ~Copyable>(_ body: () throws(Errno) -> Value) throws(ReadingFailure) -> Value {
        do throws(Errno) {
            return try body()
        } catch {
            throw .notRun(error)
        }
    }

    private func read(
        _ output: borrowing OwnedDescriptor, until deadline: ContinuousClock.Instant, patience: Duration
    ) throws(ReadingFailure) -> [UInt8] {
        var text: [UInt8] = []
        while true {
            let left = (deadline - .now).milliseconds
            guard left > 0, output.isReadable(within: Int32(clamping: left)) else { throw .tooSlow(patience) }
            let part = try attempt { () throws(Errno) in try UnixSocket.receive(limit: 65_536, on: output) }.octets
            if part.isEmpty { return text }
            text += part
            if text.count > 1 << 20 { throw .tooLong }
        }
    }
}

/// Why a program gave no allowance, as the end of a sentence.
enum ReadingFailure: Error, CustomStringConvertible {
    /// It could not be run, or not be read from.
    case notRun(Errno)
    /// It ended in another way than well.
    case ended(ChildProcess.Ending)
    /// It was not done in time, and was killed.
    case tooSlow(Duration)
    /// It wrote more than 1 MiB.
    case tooLong
    /// What it wrote are no lines of an allowance.
    case noLines

    var description: String {
        switch self {
        case .notRun(let error): "\(error)"
        case .ended(.exited(let status)): "it ended with status \(status) (its own message stands above)"
        case .ended(.signalled(let signal)): "signal \(signal) (\(signalText(signal))) ended it"
        case .tooSlow(let patience): "it was not done within \(patience.milliseconds / 1000) s, and was killed"
        case .tooLong: "it wrote more than 1 MiB"
        case .noLines: "it wrote lines that are none (do vipnsd and vipns-helper come from one version of vipns?)"
        }
    }
}

/// Such as `Killed`; strsignal(3), for the helper's one thread.
private func signalText(_ signal: Int32) -> String {
    guard let text = unsafe strsignal(signal) else { return "unknown" }
    return unsafe String(cString: text)
}
