internal import Addressing
internal import GRDB
internal import Leasing

extension Lease {
    /// The columns of table `lease`, in the order of `rowValues`.
    static let rowColumns = [
        "session", "bootID", "number", "cookie", "pool", "parent", "macvlanMode",
        "user", "uid", "service", "mode", "leftovers", "phase", "leaders", "openedAt", "openedBoot", "heldUntilBoot",
        "endReason", "scope", "checksum",
    ]

    /// The lease as table `lease` holds it.
    var rowValues: StatementArguments { StatementArguments(values + [checksum]) }

    /// What the checksum is of: all columns but itself.
    var values: [(any DatabaseValueConvertible)?] {
        [
            session.description, bootID, number, storedCookie, pool, parent, macvlanMode.rawValue, user, uid, service,
            mode.rawValue, leftovers.rawValue,
            phase.rawValue, storedLeaders, openedAt, openedBoot, heldUntilBoot, endReason, scope.rawValue,
        ]
    }

    /// SQLite's integers are signed.
    var storedCookie: Int64? { cookie.map(Int64.init(bitPattern:)) }

    /// The leaders as one text.
    var storedLeaders: String { leaders.map { "\($0.pid):\($0.startTicks)" }.joined(separator: " ") }

    /// Reads a row of table `lease` that has these addresses; throws `Columns.Damage`, also where it is not as it was written.
    init(_ columns: Columns, addresses: [SessionAddress]) throws {
        try self.init(unchecked: columns, addresses: addresses)
        guard try columns.value("checksum") == checksum else { throw ChangedRow(session: session) }
    }

    /// Reads a row whose checksum may be missing.
    init(unchecked columns: Columns, addresses: [SessionAddress]) throws {
        let cookie: Int64? = try columns.optional("cookie")
        self.init(
            session: try columns.parsed("session", SessionID.init),
            bootID: try columns.value("bootID"),
            number: try columns.value("number"),
            cookie: cookie.map(UInt64.init(bitPattern:)),
            pool: try columns.value("pool"),
            addresses: addresses,
            parent: try columns.value("parent"),
            macvlanMode: try columns.parsed("macvlanMode", MacvlanMode.init),
            user: try columns.value("user"),
            uid: try columns.value("uid"),
            service: try columns.value("service"),
            mode: try columns.parsed("mode", SessionMode.init),
            scope: try columns.parsed("scope", SessionScope.init),
            leftovers: try columns.parsed("leftovers", LeftoversPolicy.init),
            phase: try columns.parsed("phase", LeasePhase.init),
            leaders: try columns.parsed("leaders", Self.leaders),
            openedAt: try columns.value("openedAt"),
            openedBoot: try columns.value("openedBoot"),
            heldUntilBoot: try columns.optional("heldUntilBoot"),
            endReason: try columns.optional("endReason"))
    }

    /// Reads what `storedLeaders` wrote; nil for anything else.
    private static func leaders(_ text: String) -> [Leader]? {
        var leaders: [Leader] = []
        for item in text.split(separator: " ") {
            let parts = item.split(separator: ":")
            guard parts.count == 2, let pid = Int32(parts[0]), let ticks = UInt64(parts[1]) else { return nil }
            leaders.append(Leader(pid: pid, startTicks: ticks))
        }
        return leaders
    }
}

/// A row that can be read but is not what was written.
struct ChangedRow: Error, CustomStringConvertible {
    let session: SessionID

    var description: String {
        "the lease of session '\(session)' does not match its checksum (\(SQLiteLeaseStore.damageHint))"
    }
}

extension SessionAddress {
    /// The columns of table `leaseAddress`, in the order of `rowValues`.
    static let rowColumns = ["address", "session", "place", "prefixLength", "gateway"]

    /// The address as table `leaseAddress` holds it; `place` is 1 for the second one of a pair.
    func rowValues(of session: SessionID, place: Int) -> StatementArguments {
        [address.description, session.description, place, prefix.length, gateway?.description]
    }

    /// Reads a row of table `leaseAddress`; throws `Columns.Damage`.
    init(_ columns: Columns) throws {
        let address = try columns.parsed("address", IPAddress.init)
        let prefix = try columns.converted("prefixLength") { IPPrefix(address, length: $0) }
        self.init(prefix: prefix, gateway: try columns.optionalParsed("gateway", IPAddress.init))
    }
}
