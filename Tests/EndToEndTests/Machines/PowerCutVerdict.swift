import Foundation

/// What `Tests/Machines/guest/power-judge.py` found on the disk after a cut.
struct PowerCutVerdict: Decodable {
    struct Record: Decodable {
        let id: String
        let address: String?
        let outcome: String
        let opened: Int
        let ended: Int?
        let reason: String?
    }

    struct Grant: Decodable {
        let id: String
        let address: String
    }

    /// Names and sizes of what was in the state directory.
    let files: [String]
    /// The store's format before the service was started; nil where there was no directory, 0 where there was no store.
    let format: Int?
    /// What a service that did not start has said, and what `vipns repair` said then.
    let refusal: String?
    let `repair`: String?
    /// What a service has said that did not start after a repair either.
    let stuck: String?
    /// Sessions that live although nobody has opened one in this boot.
    let live: [String]
    let history: [Record]
    /// The sessions that were opened then, until there was no further address.
    let granted: [Grant]
    /// What came of the one after the last.
    let further: String
    /// How many records are there that were to be forgotten.
    let old: Int
    /// What the kernel has said of the disk.
    let kernel: String
}

extension PowerCutVerdict {
    /// The pool's.
    static let addresses = Set((101...112).map { "10.99.0.\($0)" })
    /// How a session that was closed may have ended; the last is a repair's word for what it does not find.
    private static let reasons: [String?] = ["closed by request", "ended by reboot", "found ended by repair"]
    private static let sentence = "damaged or edited; stop the service and run 'vipns repair'"
    private static let unfinished = "a repair of it was not finished"

    /// What is not as it must be after a cut in that kind of work, as long as the host knows `known` of the store.
    func findings(after kind: PowerCutKind?, _ known: PowerCutKnowledge) -> [String] {
        var findings: [String] = []
        func expect(_ isSo: Bool, _ finding: @autoclosure () -> String) {
            if !isSo { findings.append(finding()) }
        }
        if let refusal {
            expect(kind == .repair, "the store was refused: \(refusal)")
            expect(refusal.contains(Self.sentence), "it was refused in other words: \(refusal)")
        }
        expect(stuck == nil, "repaired, it was refused again: \(stuck ?? "")")
        expect(live.isEmpty, "sessions live after a boot: \(live)")
        expect(
            granted.count == Self.addresses.count && Set(granted.map(\.address)) == Self.addresses,
            "not each address could be had once: \(granted)")
        expect(further == "io.vipns.PoolExhausted", "one more gave '\(further)'")
        let complaints = kernel.split(separator: "\n").filter { line in
            ["error", "corrupt", "warning", "remounting"].contains { line.lowercased().contains($0) }
        }
        expect(complaints.isEmpty, "the file system is not sound: \(complaints)")
        return findings + historyFindings(after: kind, known) + Self.overlaps(history)
    }

    private func historyFindings(after kind: PowerCutKind?, _ known: PowerCutKnowledge) -> [String] {
        var findings: [String] = []
        let records = Dictionary(history.map { ($0.id, $0) }) { first, _ in first }
        for (id, address) in known.granted {
            guard let record = records[id], record.address == address else {
                findings.append(
                    "\(address) of \(id) was handed out, and the history has \(String(describing: records[id]))")
                continue
            }
            // The end is written when the session is gone, and the answer does not wait for the disk: a close of the last
            // moment may come to the history by the next boot only, with a later end.
            let isClosed = known.closed.contains(id)
            if isClosed, !Self.reasons.contains(record.reason) {
                findings.append("\(id) was closed, and the history says '\(record.reason ?? "nothing")'")
            }
            // A repair may find it without the kernel's word, and says so in words of its own.
            if !isClosed, kind != .repair, !known.closing.contains(id), record.reason != "ended by reboot" {
                findings.append("\(id) lived, and the history says '\(record.reason ?? "nothing")'")
            }
        }
        let open = history.filter { $0.ended == nil }
        if !open.isEmpty { findings.append("without an end: \(open)") }
        return findings
    }

    /// Whoever had an address, had it alone.
    private static func overlaps(_ history: [Record]) -> [String] {
        let held = history.filter { $0.outcome == "granted" && $0.address != nil }
        return Dictionary(grouping: held) { $0.address ?? "" }.flatMap { address, records -> [String] in
            let ordered = records.sorted { $0.opened < $1.opened }
            return zip(ordered, ordered.dropFirst()).compactMap { former, next -> String? in
                guard let ended = former.ended, ended > next.opened else { return nil }
                return "\(address) was \(former.id)'s until \(ended) and \(next.id)'s from \(next.opened) on"
            }
        }
    }

    /// What of the work the cut had left on the disk, for the count at the end.
    func remains(of kind: PowerCutKind, _ reports: PowerCutReports) -> String {
        let names = files.map { $0.prefix { $0 != " " } }
        switch kind {
        case .start:
            guard let format else { return "no directory" }
            if format == 0 { return names.contains("vipns.db") ? "a file without tables" : "an empty directory" }
            return history.isEmpty || reports.granted.isEmpty ? "a new store" : "a new store and its first session"
        case .opens:
            let known = Set(reports.granted.keys).union(granted.map(\.id))
            let isUntold = history.contains {
                $0.reason == "ended by reboot" && !known.contains($0.id) && $0.address != nil
            }
            return isUntold ? "granted, and nobody told" : "not granted"
        case .closes:
            let isTold = history.contains { reports.closed.contains($0.id) && $0.reason == "ended by reboot" }
            if isTold { return "told as ended, and not written" }
            let underWay = reports.closing.subtracting(reports.closed)
            let isUntold = history.contains { underWay.contains($0.id) && $0.reason == "closed by request" }
            return isUntold ? "ended, and nobody told" : "not ended"
        case .pruning:
            return old == 0 ? "all forgotten" : old < 6000 - 4 ? "a part forgotten" : "none forgotten"
        case .repair:
            if names.contains("vipns.db.repair") { return "an unfinished repair" }
            return refusal == nil ? "the new store" : "the damaged store"
        case .upgrade:
            return format == OlderStore.formats.last ? "the new format" : "the former format"
        }
    }
}

/// What the host knows of one store, over all boots.
struct PowerCutKnowledge {
    var granted: [String: String] = [:]
    var closing: Set<String> = []
    var closed: Set<String> = []

    /// Adds what a boot has told.
    mutating func add(_ reports: PowerCutReports) {
        if reports.state != nil { self = Self() }
        granted.merge(reports.granted) { _, new in new }
        closing.formUnion(reports.closing)
        closed.formUnion(reports.closed)
    }

    /// Adds what the judge has opened, and closed again.
    mutating func add(_ verdict: PowerCutVerdict) {
        // What was not closed for sure has ended, in whatever words; that was looked at.
        let settled = Set(granted.keys).subtracting(closed)
        closing.formUnion(settled)
        for grant in verdict.granted {
            granted[grant.id] = grant.address
            closed.insert(grant.id)
        }
    }
}
