import Foundation
import KernelSupport
import LinuxSystem
import Synchronization

/// A session service that answers as a test says.
final class ScriptedService: Sendable {
    /// What it does when a method is called.
    enum Answer: Sendable {
        /// Sends this and a NUL, and with it these descriptors, in one message.
        case frame(String, [Passed] = [])
        /// Sends these octets and nothing more.
        case octets([UInt8], thenCloses: Bool = false)
        /// Sends a frame in two messages, a descriptor with each.
        case halves(String, Passed)
        /// Sends a frame, one octet after each pause.
        case slowly(String, milliseconds: UInt32)
        /// Says nothing and keeps the connection.
        case nothing
        /// Closes the connection.
        case closes
    }

    /// What a descriptor is of.
    enum Passed: Sendable {
        /// The session's namespace.
        case session
        /// Any file that can be opened.
        case path(String)
    }

    /// An answer that says nothing.
    static let empty = Answer.frame(#"{"parameters":{}}"#)

    private let listener: OwnedDescriptor
    private let namespace: NetworkNamespace
    private let script: [String: Answer]
    private let calls = Mutex<[String]>([])
    private let stopped = Mutex(false)
    private let path: String

    /// Listens; methods that `script` does not name are answered with ``empty``.
    init(at path: String, _ script: [String: Answer]) throws {
        self.path = path
        self.script = script
        listener = try UnixSocket.listen(.stream, at: path, mode: 0o600)
        namespace = try NetworkNamespace.make { () throws(Errno) in }.intoNamespace()
        Thread.detachNewThread { self.serve() }
    }

    /// The inode of the session's namespace.
    var sessionNamespace: String {
        get throws { try "\(namespace.descriptor.identity().inode)" }
    }

    /// What was asked, one JSON text a call.
    var requests: [String] { calls.withLock { $0 } }

    /// The methods that were called, without the interface's name.
    var methods: [String] {
        requests.map { String($0.dropFirst(#"{"method":"io.vipns."#.count).prefix { $0 != "\"" }) }
    }

    /// Ends the thread; a test that does not leaves it to the end of the process.
    func stop() {
        stopped.withLock { $0 = true }
        _ = try? UnixSocket.connect(.stream, to: path)
    }

    private func serve() {
        while let connection = try? UnixSocket.accept(from: listener, nonBlocking: false) {
            if stopped.withLock({ $0 }) { return }
            let box = DescriptorBox(connection)
            Thread.detachNewThread {
                if let connection = box.take() { self.serve(connection) }
            }
        }
    }

    private func serve(_ connection: borrowing OwnedDescriptor) {
        var waiting: [UInt8] = []
        while let message = try? UnixSocket.receive(limit: 4096, on: connection), !message.octets.isEmpty {
            waiting += message.octets
            while let end = waiting.firstIndex(of: 0) {
                let request = String(decoding: waiting[..<end], as: UTF8.self)
                waiting.removeFirst(end + 1)
                calls.withLock { $0.append(request) }
                let method = request.dropFirst(#"{"method":"io.vipns."#.count).prefix { $0 != "\"" }
                guard answer(script[String(method)] ?? Self.empty, on: connection) else { return }
            }
        }
    }

    /// Gives false where the connection is to be closed.
    private func answer(_ answer: Answer, on connection: borrowing OwnedDescriptor) -> Bool {
        switch answer {
        case .frame(let text, let passed): send(Array(text.utf8) + [0], passed, on: connection)
        case .octets(let octets, let thenCloses):
            send(octets, [], on: connection)
            return !thenCloses
        case .halves(let text, let passed):
            let octets = Array(text.utf8)
            send(Array(octets[..<10]), [passed], on: connection)
            send(Array(octets[10...]) + [0], [passed], on: connection)
        case .slowly(let text, let milliseconds):
            for octet in Array(text.utf8) + [0] {
                guard (try? UnixSocket.send([octet], on: connection)) != nil else { return false }
                usleep(milliseconds * 1000)
            }
        case .nothing: break
        case .closes: return false
        }
        return true
    }

    private func send(_ octets: [UInt8], _ passed: [Passed], on connection: borrowing OwnedDescriptor) {
        var files: [CInt] = []
        for one in passed {
            switch one {
            case .session: files.append(namespace.descriptor.withRaw { dup($0) })
            case .path(let path): files.append(unsafe open(path, O_RDONLY | O_CLOEXEC))
            }
        }
        let socket = connection.withRaw { $0 }
        // A caller that has given up is gone; the test looks at what it says itself.
        try? sendOctets(octets, with: files, on: socket)
        for file in files { close(file) }
    }
}
