import CLinux
import Glibc
import Testing

@testable import LinuxSystem

/// What systemd is told, octet by octet; sd_notify(3).
struct ServiceManagerTests {
    /// What stands at the other end of NOTIFY_SOCKET.
    private static func listen(at name: String) throws -> OwnedDescriptor {
        let socket = OwnedDescriptor(adopting: try checked { vipns_socket_datagram() })
        let raw = socket.withRaw { $0 }
        try checked { unsafe vipns_unix_bind(raw, name) }
        return socket
    }

    /// The datagrams that wait.
    private static func waiting(on socket: borrowing OwnedDescriptor) throws -> [String] {
        var texts: [String] = []
        while socket.isReadable(within: 0) {
            texts.append(String(decoding: try UnixSocket.receiveOctets(limit: 4096, on: socket).octets, as: UTF8.self))
        }
        return texts
    }

    private static func manager(_ environment: [String: String]) -> ServiceManager {
        ServiceManager { environment[$0] }
    }

    @Test(arguments: [false, true])
    func `each word is a datagram of its own, to a path or an abstract name`(isAbstract: Bool) throws {
        let path = TemporaryPath()
        let name = isAbstract ? "@\(path.path)" : path.path
        let socket = try Self.listen(at: name)
        let manager = Self.manager(["NOTIFY_SOCKET": name])
        manager.tellReady(status: "3 sessions")
        manager.tellAlive()
        manager.tell(status: "waiting for vipns-helper")
        try expect(
            Self.waiting(on: socket),
            ["READY=1\nSTATUS=3 sessions", "WATCHDOG=1", "STATUS=waiting for vipns-helper"])
        // An abstract name leaves no file.
        #expect((unsafe access(path.path, F_OK) == 0) == !isAbstract)
    }

    @Test(
        arguments: [
            (["WATCHDOG_USEC": "30000000"], .seconds(10)),
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "\(getpid())"], .seconds(10)),
            // Another process is meant; its child has its environment.
            (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"], nil),
            (["WATCHDOG_USEC": "0"], nil), (["WATCHDOG_USEC": "-3"], nil), (["WATCHDOG_USEC": "soon"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func `a sign of life is due in a third of the time`(environment: [String: String], interval: Duration?) {
        let all = environment.merging(["NOTIFY_SOCKET": "/run/notify"]) { own, _ in own }
        #expect(Self.manager(all).signInterval == interval)
        // Nobody is there to be told.
        #expect(Self.manager(environment).signInterval == nil)
    }

    @Test func `without systemd, and when its socket is gone or full, nobody waits`() throws {
        let path = TemporaryPath()
        for environment in [[:], ["NOTIFY_SOCKET": path.path], ["NOTIFY_SOCKET": ""]] {
            Self.manager(environment).tellReady(status: "")
            Self.manager(environment).tellAlive()
        }
        let socket = try Self.listen(at: path.path)
        let manager = Self.manager(["NOTIFY_SOCKET": path.path])
        let start = ContinuousClock.now
        // A socket holds few datagrams that nobody has read (net.unix.max_dgram_qlen, 10 to 512).
        for _ in 0..<600 where try !Self.isFull(path.path) { manager.tellAlive() }
        for _ in 0..<20 { manager.tellAlive() }
        #expect(ContinuousClock.now - start < .seconds(5))
        let texts = try Self.waiting(on: socket)
        #expect(texts.allSatisfy { $0 == "WATCHDOG=1" } && !texts.isEmpty)
    }

    /// Whether the socket of that name takes nothing now.
    private static func isFull(_ name: String) throws -> Bool {
        let socket = try UnixSocket.connect(.datagram, to: name, timeout: .milliseconds(10))
        let raw = socket.withRaw { $0 }
        var entry = pollfd(fd: raw, events: Int16(POLLOUT), revents: 0)
        return unsafe poll(&entry, 1, 0) == 0
    }
}
