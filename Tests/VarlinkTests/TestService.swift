import Dispatch
import FoundationEssentials
import Glibc
import LinuxSystem
import Synchronization

@testable import Varlink

/// A server in this process at a path of its own, with an interface that has one method for every way to answer.
struct TestService {
    let server: VarlinkServer
    let path = "/tmp/varlink-test.\(getpid()).\(UInt32.random(in: 0 ... .max))"
    /// What handlers noticed, in order.
    let notes: Notes

    init(limits: VarlinkServer.Limits = .init()) throws {
        let notes = Notes()
        self.notes = notes
        server = VarlinkServer(
            identity: .init(vendor: "Example", product: "testing", version: "1.0", url: "https://example.org"),
            interfaces: [
                VarlinkInterface(
                    name: "io.example.testing", description: TestService.text, methods: TestService.methods(notes))
            ],
            limits: limits, loop: try EventLoop(),
            unexpected: { error in
                (error as? Unexpected).map { VarlinkErrorReply("io.example.testing.Broken", ["code": $0.code]) }
            })
        try listen()
    }

    func listen() throws(Errno) {
        try server.serve(on: UnixSocket.listen(.stream, at: path, mode: 0o666))
    }

    func stop() async {
        await server.stop()
        unsafe unlink(path)
    }

    /// An error that knows nothing of Varlink.
    struct Unexpected: Error { let code: Int }
    struct Text: Codable { var text: String }
    struct Number: Codable { var number: Int }
    struct File: Codable { var file: Int? }
    struct Who: Codable { let uid: UInt32, pid: Int32, cookie: UInt64? }
    struct Nothing: Codable {}

    static let text = """
        # For tests.
        interface io.example.testing

        method Echo(text: string) -> (text: string)
        method Count(number: int) -> (number: int)
        method Forever() -> (number: ?int)
        method Open(text: string) -> (file: ?int)
        method Flood(number: int) -> (text: string)
        method Fail(number: int) -> ()
        method Wait(number: int) -> ()
        method Unfinished() -> ()
        method Who() -> (uid: int, pid: int, cookie: ?int)

        error Broken (code: int)

        """

    private static func methods(_ notes: Notes) -> [String: VarlinkMethod] {
        [
            "Echo": .single { call, _ in
                let asked = try call.parameters(as: Text.self)
                notes.add(asked.text)
                return try VarlinkReply(asked)
            },
            "Count": .stream(requiresMore: false) { call, replies in
                let last = try call.parameters(as: Number.self).number
                if call.wantsMore {
                    for number in 1..<last { try await replies.send(Number(number: number)) }
                }
                return try VarlinkReply(Number(number: last))
            },
            "Forever": .stream(requiresMore: true) { _, replies in
                defer { notes.add("forever ended") }
                try await replies.send(Nothing())
                try await Task.sleep(for: .seconds(60))
                return VarlinkReply()
            },
            "Open": .single { call, _ in
                let pair = try UnixSocket.pair(.stream)
                _ = try UnixSocket.send(Array(try call.parameters(as: Text.self).text.utf8), on: pair.first)
                return try VarlinkReply(File(file: 0), passing: pair.second.duplicate())
            },
            "Flood": .stream(requiresMore: false) { call, replies in
                let filler = Text(text: String(repeating: "x", count: 100_000))
                let count = try call.parameters(as: Number.self).number
                do {
                    for _ in 0..<count { try await replies.send(filler) }
                } catch {
                    notes.add("flood: \(error)")
                    throw error
                }
                return try VarlinkReply(Text(text: String(repeating: "y", count: call.wantsMore ? 1 : 2_000_000)))
            },
            "Fail": .single { call, _ in throw Unexpected(code: try call.parameters(as: Number.self).number) },
            "Wait": .single { call, _ in
                notes.add("wait began")
                try await Task.sleep(for: .milliseconds(try call.parameters(as: Number.self).number))
                notes.add("wait ended")
                return VarlinkReply()
            },
            "Who": .single { _, connection in
                let process = try connection.openPeerProcess()
                notes.add("ended: \(process.hasEnded)")
                return try VarlinkReply(
                    Who(uid: connection.peer.uid, pid: connection.peer.pid, cookie: connection.peerNamespaceCookie))
            },
        ]
    }
}

/// Words in the order in which they were written down.
final class Notes: Sendable {
    private let words = Mutex<[String]>([])

    func add(_ word: String) { words.withLock { $0.append(word) } }

    var all: [String] { words.withLock { $0 } }
}

/// Runs what blocks on a thread that no task needs.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
    }
}

/// Whether `condition` becomes true within twenty seconds.
func eventually(_ condition: () throws -> Bool) async throws -> Bool {
    for _ in 0..<2000 {
        if try condition() { return true }
        try await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// How many descriptors this process has open.
func openDescriptors() throws -> Int {
    try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
}

/// A client that sends what it likes.
final class RawClient {
    let socket: OwnedDescriptor

    init(_ path: String) throws {
        socket = try UnixSocket.connect(.stream, to: path, timeout: .seconds(10))
    }

    func send(_ text: String) throws {
        _ = try UnixSocket.send(Array(text.utf8), on: socket)
    }

    /// What is there; nil at the end of the connection.
    private func receive() throws -> [UInt8]? {
        do throws(Errno) {
            let octets = try UnixSocket.receive(limit: 65_536, on: socket).octets
            return octets.isEmpty ? nil : octets
        } catch .connectionReset {
            return nil
        }
    }

    /// What comes until `frames` are complete, the connection ends, or nothing comes for `patience`.
    func receiveAll(patience: CInt = 20_000, frames: Int = .max) throws -> (text: String, ended: Bool) {
        var octets: [UInt8] = []
        while octets.count(where: { $0 == 0 }) < frames, socket.isReadable(within: patience) {
            guard let more = try receive() else { return (String(decoding: octets, as: UTF8.self), true) }
            octets += more
        }
        return (String(decoding: octets, as: UTF8.self), false)
    }
}

/// What a received descriptor holds; nil where none came.
func readText(_ descriptor: consuming OwnedDescriptor?) throws -> String? {
    guard let octets = try descriptor?.readAll(limit: 1000) else { return nil }
    return String(decoding: octets, as: UTF8.self)
}
