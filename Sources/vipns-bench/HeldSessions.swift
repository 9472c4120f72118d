import Addressing
import ClientAPI
import Synchronization
import Varlink

/// Sessions that were opened in mode reserve, and are closed together.
struct HeldSessions {
    /// Their ids.
    private(set) var ids: [String]
    /// Their links' MAC addresses.
    private(set) var macs: [MACAddress]

    /// Opens so many, four at a time.
    init(opening count: Int) throws {
        let clients = min(4, max(count, 1))
        let opened = Opened()
        try onClientThreads(clients) { index, client in
            for _ in 0..<(count / clients + (index < count % clients ? 1 : 0)) {
                let session = try client.openReserved()
                guard let mac = session.mac.flatMap({ MACAddress($0) }) else {
                    throw BenchError("session '\(session.id)' has no MAC address")
                }
                opened.list.withLock { $0.append((session.id, mac)) }
            }
        }
        let list = opened.list.withLock { $0 }
        ids = list.map(\.0)
        macs = list.map(\.1)
    }

    private final class Opened: Sendable {
        let list = Mutex<[(String, MACAddress)]>([])
    }

    /// Closes all of them by so many callers at once.
    ///
    /// - Returns: when the callers began.
    @discardableResult
    func closeAll(callers: Int = 8) throws -> ContinuousClock.Instant {
        let ids = ids
        return try onClientThreads(callers) { index, client in
            for position in stride(from: index, to: ids.count, by: callers) {
                _ = try client.close(session: ids[position])
            }
        }
    }
}

extension VipnsClient {
    /// Opens a session in mode reserve and lets its descriptor go.
    func openReserved() throws -> Session {
        let answer = try open(mode: .reserve, user: "root", service: "bench")
        guard let session = answer.parameters.session else {
            throw BenchError("the service gave no session: \(answer.parameters.message ?? "")")
        }
        return session
    }
}
