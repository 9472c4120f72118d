import Foundation
import Testing

/// A session, as `vipns list --json` prints it.
struct SessionRow: Decodable {
    let id: String
    let state: String
    let mode: String
    let pool: String
    let address: String?
    let pairedAddress: String?
    let user: String
    let uid: Int
    let service: String
    let leaders: [Int32]
    let leftovers: String
    let number: Int
    let cookie: Int?
    let mac: String?
}

/// A pool, as `vipns pool --json` prints it.
struct PoolRow: Decodable, Equatable {
    let total: Int
    let free: Int
    let leased: Int
    let held: Int
    let quarantined: Int
}

/// A record, as `vipns history --json` prints it.
struct HistoryRow: Decodable {
    let id: String
    let user: String
    let address: String?
    let pairedAddress: String?
    let outcome: String
    let opened: Int
    let ended: Int?
    let reason: String?
}

extension TestLab {
    private func decoded<Row: Decodable>(_ words: [String], as type: Row.Type) throws -> Row {
        let outcome = try run(words)
        guard outcome.status == 0 else { throw TestFailure("\(words): \(outcome.status) \(outcome.errors)") }
        return try JSONDecoder().decode(type, from: Data(outcome.output.utf8))
    }

    /// All sessions.
    func sessions() throws -> [SessionRow] { try decoded(["vipns", "list", "--json"], as: [SessionRow].self) }

    /// One of them; nil where it is gone.
    func session(_ id: String) throws -> SessionRow? { try sessions().first { $0.id == id } }

    /// The first pool.
    func pool() throws -> PoolRow {
        try #require(try decoded(["vipns", "pool", "--json"], as: [PoolRow].self).first)
    }

    /// What is remembered, newest first.
    func history(_ options: String...) throws -> [HistoryRow] {
        try decoded(["vipns", "history", "--json"] + options, as: [HistoryRow].self)
    }

    /// What is remembered of one session.
    func history(of id: String) throws -> HistoryRow {
        try #require(try history("--limit", "1000").first { $0.id == id })
    }

    /// Waits until a session has that state; nil stands for gone.
    func expect(
        _ id: String, becomes state: String?, within limit: Duration = .seconds(5),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        var last: String?
        let became = try eventually(within: limit) {
            last = try session(id)?.state
            return last == state
        }
        #expect(became, "session is \(last ?? "gone")", sourceLocation: sourceLocation)
    }

    /// Waits until every address is free again.
    func expectFullPool(within limit: Duration = .seconds(5), sourceLocation: SourceLocation = #_sourceLocation) throws
    {
        var last: PoolRow?
        let isFull = try eventually(within: limit) {
            last = try pool()
            return last?.free == last?.total
        }
        #expect(isFull, "\(last.map { "\($0)" } ?? "")", sourceLocation: sourceLocation)
    }
}
