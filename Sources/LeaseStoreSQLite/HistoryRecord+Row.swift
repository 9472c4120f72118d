internal import Addressing
internal import GRDB
internal import Leasing

extension HistoryRecord {
    /// The columns of table `history` without its row id, in the order of `rowValues`.
    static let rowColumns = [
        "session", "bootID", "user", "uid", "service", "pool", "address", "pairedAddress", "outcome", "openedAt",
        "openedBoot", "endedAt", "endedBoot", "reason",
    ]

    /// The record as table `history` holds it.
    var rowValues: StatementArguments {
        [
            session, bootID, user, uid, service, pool, address?.description, pairedAddress?.description, outcome,
            openedAt, openedBoot, endedAt, endedBoot, reason,
        ]
    }

    /// Reads a row of table `history`; throws `Columns.Damage`.
    init(_ columns: Columns) throws {
        self.init(
            session: try columns.value("session"),
            bootID: try columns.value("bootID"),
            user: try columns.value("user"),
            uid: try columns.value("uid"),
            service: try columns.value("service"),
            pool: try columns.value("pool"),
            address: try columns.optionalParsed("address", IPAddress.init),
            pairedAddress: try columns.optionalParsed("pairedAddress", IPAddress.init),
            outcome: try columns.value("outcome"),
            openedAt: try columns.value("openedAt"),
            openedBoot: try columns.value("openedBoot"),
            endedAt: try columns.optional("endedAt"),
            endedBoot: try columns.optional("endedBoot"),
            reason: try columns.optional("reason"),
            position: try columns.value("id"))
    }
}

extension HistoryQuery {
    /// The statement that answers the query, newest first, and what is bound to it.
    var statement: (sql: String, arguments: StatementArguments) {
        var conditions: [String] = []
        var arguments = StatementArguments()
        func require(_ condition: String, _ values: [(any DatabaseValueConvertible)?]) {
            conditions.append(condition)
            arguments += StatementArguments(values)
        }
        if let address {
            require("(address = ?1 OR pairedAddress = ?1)", [address.description])
        }
        if let user { require("user = ?", [user]) }
        if let uid { require("uid = ?", [uid]) }
        if let since { require("(endedAt IS NULL OR endedAt >= ?)", [since]) }
        if let until { require("openedAt < ?", [until]) }
        if let before { require("id < ?", [before]) }
        if let at {
            require(
                "outcome = 'granted' AND address IS NOT NULL AND openedAt <= ? AND (endedAt IS NULL OR ? < endedAt)",
                [at, at])
        }
        let filter = conditions.isEmpty ? "" : "WHERE " + conditions.joined(separator: " AND ")
        arguments += [max(0, limit)]
        return ("SELECT * FROM history \(filter) ORDER BY id DESC LIMIT ?", arguments)
    }
}
