import Testing

extension EndToEnd {
    @Suite struct RepairKillTests {}
}

/// A call by which a repair changes files, or has them written.
private struct RepairPoint: Hashable, CustomStringConvertible {
    let call: String
    let path: String
    /// The how many one by one thread, for strace counts for each thread by itself.
    let number: Int

    /// Whether it belongs to the old files' change for the new ones.
    var isOfExchange: Bool {
        switch call {
        case "link", "rename", "fsync": true
        case "unlink": path.hasSuffix(".db-wal") || path.hasSuffix(".db-shm")
        default: false
        }
    }

    /// Whether the new file is made.
    var isOpening: Bool { call == "openat" && path.hasSuffix(".repair") && number == 1 }

    var description: String { "\(call) of '\(path)', number \(number)" }
}

extension TestLab {
    fileprivate static let repair = [
        "vipns", "repair", "--config", "/run/vipns-lab/vipns.yaml", "--state", "/run/vipns-lab/state",
    ]

    /// Runs a repair to its end and lists its calls that touch the store or its folder.
    fileprivate func repairPoints() throws -> [RepairPoint] {
        let calls = "openat,link,unlink,rename,fsync,fdatasync"
        let outcome = try run(
            ["strace", "-f", "-y", "-o", "/run/calls", "-e", "trace=\(calls)"] + Self.repair, within: .seconds(40))
        guard outcome.status == 0 else { throw TestFailure("repair: \(outcome)") }
        var counts: [String: [String: Int]] = [:]
        for line in try succeed("cat", "/run/calls").split(separator: "\n") {
            let words = line.split(maxSplits: 1) { $0 == " " }
            guard words.count == 2, let bracket = words[1].firstIndex(of: "(") else { continue }
            let call = words[1][..<bracket].drop { $0 == " " }
            // A descriptor's path is shown behind it.
            let marks: (Character, Character) = call.hasSuffix("sync") ? ("<", ">") : ("\"", "\"")
            let path = words[1].drop { $0 != marks.0 }.dropFirst().prefix { $0 != marks.1 }
            // The copy that is read is nobody's.
            guard path.hasPrefix("/run/vipns-lab/state"), !path.contains(".copy"), !path.hasSuffix(".lock") else {
                continue
            }
            counts["\(call) \(path)", default: [:]][String(words[0]), default: 0] += 1
        }
        return counts.flatMap { name, threads in
            let parts = name.split(separator: " ").map(String.init)
            return (1...(threads.values.max() ?? 1)).map { RepairPoint(call: parts[0], path: parts[1], number: $0) }
        }.sorted { "\($0)" < "\($1)" }
    }
}

extension EndToEnd.RepairKillTests {
    @Test func `a repair that is killed at any change of a file loses neither the old store nor a session`()
        async throws
    {
        try await inLab("--range", "10.77.0.101-10.77.0.110", "--hold", "100ms") { lab in
            _ = try lab.enter(options: ["--user", "alice"])
            _ = try lab.reserve(1)
            let sessions = try lab.identities()
            #expect(sessions.count == 2)
            try lab.kill(.service)
            try lab.damageStore(.flippedAddress, seed: 1)
            let old = try lab.storeFiles()
            #expect(old.count == 3)
            try lab.succeed("cp", "-a", "/run/vipns-lab/state", "/run/damaged")
            let all = try lab.repairPoints()
            let points = Dose.isFull ? all : all.filter { $0.isOfExchange || $0.isOpening }
            var counts = (refused: 0, taken: 0)
            for point in points {
                let folder = "find /run/vipns-lab/state -mindepth 1 -delete; cp -a /run/damaged/. /run/vipns-lab/state"
                try lab.succeed("sh", "-ec", folder)
                let fault = "inject=\(point.call):signal=KILL:when=\(point.number)"
                let killed = try lab.run(
                    ["strace", "-f", "-o", "/dev/null", "-P", point.path, "-e", "trace=\(point.call)", "-e", fault]
                        + TestLab.repair)
                #expect(killed.status == 137, "\(point): \(killed)")
                try expectOld(old, in: lab, "\(point)")
                // Once the new store has its name it is taken, and not before.
                let isNew = try lab.storeFiles()["vipns.db"] != old["vipns.db"]
                let answer = try lab.obey("start service")
                #expect((answer == "ok") == isNew, "\(point): \(answer)")
                if answer == "ok" {
                    counts.taken += 1
                    #expect(try eventually { try lab.identities() == sessions }, "\(point)")
                    try lab.kill(.service)
                } else {
                    counts.refused += 1
                    #expect(answer.contains("stop the service and run 'vipns repair'"), "\(point): \(answer)")
                }
                // A service that has refused the rows of a store has brought its log into the pages.
                let found = try lab.storeFiles().filter { !Self.isUnfinished($0.key) }
                let again = try lab.repair()
                #expect(again.status == 0, "\(point): \(again)")
                try lab.restart(.service)
                var now: [String] = []
                let isSame = try eventually {
                    now = try lab.identities()
                    return now == sessions
                }
                #expect(isSame, "\(point): \(sessions) \(now) \(again)")
                if answer != "ok" { try expectOld(found, in: lab, "\(point), repaired") }
                #expect(try !lab.storeFiles().keys.contains(where: Self.isUnfinished), "\(point)")
                try lab.kill(.service)
            }
            // Three links, log and index away, the new one's name, and the folder on the disk.
            #expect(all.filter(\.isOfExchange).count == 7, "\(all)")
            // What comes after it has its name is little: the folder is opened, and brought to the disk.
            #expect((1...2).contains(counts.taken), "\(counts)")
            print("repairs killed: \(points.count) of \(all.count) points, \(counts) at the next start")
            try lab.restart(.service)
        }
    }

    /// A repair's own: the copy that it reads, and what is to be the new store.
    private static func isUnfinished(_ name: String) -> Bool { name.contains(".copy") || name.contains(".repair") }

    /// Each of the old files is there, by its own name or by the one that it is kept under.
    private func expectOld(_ old: [String: String], in lab: TestLab, _ comment: Comment) throws {
        let now = try lab.storeFiles()
        for (name, hash) in old {
            let end = name.dropFirst("vipns.db".count)
            let isThere = now.contains { file, found in
                let isKept = !end.contains("damaged") && file.hasPrefix("vipns.db.damaged-") && file.hasSuffix(end)
                return found == hash && (file == name || isKept)
            }
            #expect(isThere, "\(comment): \(name) of \(now.keys.sorted())")
        }
    }
}
