import ArgumentParser
import ClientAPI

/// Shows what is left of the pools.
struct PoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "Shows the pools and how many addresses are left, or one pool in full.",
        discussion: """
            HELD addresses rest after their session, QUAR ones longer because something else answered for them. With \
            --json an array of the type Pool of io.vipns, also where one pool is named.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Argument(help: "The pool to show in full.")
    var pool: String?

    func run() throws {
        let known = try service.connect().pools()
        let pools = known.filter { pool == nil || $0.name == pool }
        if let pool, pools.isEmpty {
            throw CommandFailure(
                "there is no pool '\(pool)' (there is: \(known.map(\.name).joined(separator: ", ")))")
        }
        if format.json { return try JSONOutput.write(pools) }
        guard pool == nil else { return pools.forEach { StandardOutput.write(Self.sheet($0).text) } }
        StandardOutput.write(Self.table(pools).text)
    }

    /// One row a pool.
    static func table(_ pools: [PoolStatus]) -> Table {
        var table = Table("POOL", "TOTAL", "FREE", "LEASED", "HELD", "QUAR", "PARENT", "WHEN EMPTY", "GATEWAY")
        for pool in pools {
            table.add(
                pool.name, "\(pool.total)", "\(pool.free)", "\(pool.leased)", "\(pool.held)", "\(pool.quarantined)",
                pool.parent, pool.exhaustion, pool.gateway)
        }
        return table
    }

    /// One pool in full.
    static func sheet(_ pool: PoolStatus) -> Sheet {
        var sheet = Sheet()
        sheet.add("pool", pool.name)
        sheet.add("ranges", pool.ranges.joined(separator: ", "))
        sheet.add("prefix length", "\(pool.prefixLength)")
        sheet.add("gateway", pool.gateway ?? "-")
        sheet.add("parent link", "\(pool.parent) (macvlan \(pool.macvlanMode))")
        sheet.add("hold", holdText(pool.holdMilliseconds))
        sheet.add("when empty", pool.exhaustion)
        sheet.add("leftovers", pool.leftovers.rawValue)
        sheet.add(
            "addresses",
            "\(pool.total): \(pool.free) free, \(pool.leased) leased, \(pool.held) held, "
                + "\(pool.quarantined) quarantined")
        return sheet
    }

    private static func holdText(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? durationText(microseconds: Int64(milliseconds) * 1000) : "\(milliseconds)ms"
    }
}
