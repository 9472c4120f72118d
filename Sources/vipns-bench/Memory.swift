import LinuxSystem

/// What the two daemons occupy.
struct Memory {
    private var parts: [(name: String, resident: Double, share: Double)] = []

    /// Reads both daemons of the lab; proc_pid_smaps_rollup(5).
    init() throws {
        for name in ["vipns-helper", "vipnsd"] {
            let pid = try Self.find(name)
            let text = try readTextFile("/proc/\(pid)/smaps_rollup")
            parts.append((name, Self.mebibytes("Rss:", in: text), Self.mebibytes("Pss:", in: text)))
        }
    }

    private static func find(_ name: String) throws -> Int32 {
        for pid in try directoryEntries("/proc").compactMap({ Int32($0) }) {
            if let text = try? readTextFile("/proc/\(pid)/comm"), text == "\(name)\n" { return pid }
        }
        throw BenchError("'\(name)' does not run here")
    }

    private static func mebibytes(_ key: String, in text: String) -> Double {
        let line = text.split(separator: "\n").first { $0.hasPrefix(key) }
        let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
        return (kibibytes ?? 0) / 1024
    }

    /// Adds the lines for `held` sessions.
    func report(held: String, target: Double?, to table: inout ResultTable) {
        for part in parts {
            table.add("memory of \(part.name) at \(held) sessions, Pss", part.share, .mebibytes)
        }
        let resident = parts.reduce(0) { $0 + $1.resident }
        guard let target else { return table.add("memory of both at \(held), VmRSS", resident, .mebibytes) }
        table.add("memory of both at \(held), VmRSS", resident, .mebibytes, targets: .atMost(target))
    }
}
