import ArgumentParser
import ClientAPI

/// Shows what is left of the pools.
struct PoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pool",
        abstract: "Shows the pools and how many addresses are left, or one pool in full.",
        discussion: """
            vipns pool             how full they are
            vipns pool lab         one pool, and why each of its addresses is in its state

            HELD addresses rest after their session, QUAR ones longer because something else answered for them. PEAK is \
            the most addresses that were not free at one time, REFUSED how many requests found none: enlarge a pool \
            that has any. Both are counted day by day for as long as the history is kept. With --json an array of the \
            type Pool of io.vipns; where one pool is named, of that one, with 'addresses' (type PoolAddress) in it.
            """)

    @OptionGroup var service: ServiceOptions
    @OptionGroup var format: FormatOptions

    @Argument(help: "The pool to show in full.", completion: Completions.pools)
    var pool: String?

    func run() throws {
        let client = try service.connect()
        let known = try client.pools()
        let pools = known.filter { pool == nil || $0.name == pool }
        if let pool, pools.isEmpty {
            throw CommandFailure(
                "there is no pool '\(pool)' (there is: \(known.map(\.name).joined(separator: ", ")))")
        }
        guard let pool = pools.first, self.pool != nil else {
            if format.json { return try JSONOutput.write(pools) }
            return StandardOutput.write(Self.table(pools))
        }
        let addresses = try client.addresses(pool: pool.name)
        if format.json { return try JSONOutput.write([PoolInFull(pool: pool, addresses: addresses)]) }
        StandardOutput.write(Self.sheet(pool).text + "\n")
        StandardOutput.write(AddressTable.table(addresses))
    }

    /// A pool's own fields, and its addresses beside them.
    private struct PoolInFull: Encodable {
        let pool: PoolStatus
        let addresses: [PoolAddress]

        private enum Key: CodingKey { case addresses }

        func encode(to encoder: any Encoder) throws {
            try pool.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(addresses, forKey: .addresses)
        }
    }

    /// One row a pool.
    static func table(_ pools: [PoolStatus]) -> Table {
        var table = Table("POOL", "TOTAL", "FREE", "LEASED", "HELD", "QUAR", "PEAK", "REFUSED", "PARENT", "WHEN EMPTY")
        for pool in pools {
            table.add(
                pool.name, "\(pool.total)", "\(pool.free)", "\(pool.leased)", "\(pool.held)", "\(pool.quarantined)",
                "\(pool.peak)", "\(pool.refusals)", pool.parent, pool.exhaustion)
        }
        return table
    }

    /// One pool in full.
    static func sheet(_ pool: PoolStatus) -> Sheet {
        var sheet = Sheet()
        sheet.add("pool", pool.name)
        for network in pool.networks {
            sheet.add("ranges", network.ranges.joined(separator: ", "))
            sheet.add("prefix length", "\(network.prefixLength)")
            sheet.add("gateway", network.gateway ?? "-")
        }
        sheet.add("parent link", "\(pool.parent) (macvlan \(pool.macvlanMode))")
        sheet.add("mtu", pool.mtu.map { "\($0)" })
        sheet.add("routes", list(pool.routes))
        sheet.add("dns", list(pool.nameServers))
        sheet.add("sysctls", list(pool.sysctls))
        sheet.add("inherited", list(pool.inherited))
        sheet.add("firewall", pool.firewall)
        sheet.add("order", pool.order)
        sheet.add("hold", holdText(pool.holdMilliseconds))
        sheet.add("when empty", pool.exhaustion)
        sheet.add("leftovers", pool.leftovers.rawValue)
        sheet.add(
            pool.networks.count > 1 ? "pairs" : "addresses",
            "\(pool.total): \(pool.free) free, \(pool.leased) leased, \(pool.held) held, "
                + "\(pool.quarantined) quarantined")
        sheet.add("peak use", peakText(pool))
        sheet.add("refused", refusalText(pool))
        return sheet
    }

    private static func list(_ texts: [String]) -> String? { texts.isEmpty ? nil : texts.joined(separator: ", ") }

    private static func peakText(_ pool: PoolStatus) -> String {
        guard let at = pool.peakAt else { return "none yet" }
        return "\(pool.peak) of \(pool.total) at \(timeText(microseconds: at))"
    }

    private static func refusalText(_ pool: PoolStatus) -> String {
        let since = pool.countedSince.map { " since \(timeText(microseconds: $0).prefix(10))" } ?? ""
        guard let last = pool.lastRefusal else { return "none\(since)" }
        return "\(pool.refusals)\(since), last at \(timeText(microseconds: last))"
    }

    private static func holdText(_ milliseconds: Int) -> String {
        milliseconds % 1000 == 0 ? durationText(microseconds: Int64(milliseconds) * 1000) : "\(milliseconds)ms"
    }
}
