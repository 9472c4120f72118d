import Glibc
import Lab

/// The words that `vipns-lab hold` obeys.
struct HoldWords {
    private let lab: Lab

    init(lab: Lab) { self.lab = lab }

    /// Does what a line says and answers in one line: `ok`, `error WHY`, or what was asked for.
    mutating func obey(_ line: String) -> String {
        let words = line.split(separator: " ").map(String.init)
        switch (words.first ?? "", words.dropFirst().first.flatMap { Daemons.Daemon(rawValue: $0) }) {
        case ("census", _): return census()
        case ("logs", _): return Self.oneLine(lab.daemons.logs(lines: 50))
        case ("kill", let daemon?):
            lab.daemons.kill(daemon)
            return "ok"
        case ("start", let daemon?): return start(daemon)
        case ("stop", let daemon?): return signal(daemon, SIGSTOP)
        case ("cont", let daemon?): return signal(daemon, SIGCONT)
        case ("signal", let daemon?): return signal(daemon, words.dropFirst(2).first.flatMap { Int32($0) } ?? SIGHUP)
        case ("pid", let daemon?): return lab.daemons.pid(of: daemon).map { "pid \($0)" } ?? "error not running"
        case (_, _): return "error unknown word '\(Self.oneLine(line))'"
        }
    }

    private func start(_ daemon: Daemons.Daemon) -> String {
        do throws(LabError) {
            try lab.daemons.start(daemon)
            return "ok"
        } catch {
            return "error \(Self.oneLine(error.description))"
        }
    }

    private func signal(_ daemon: Daemons.Daemon, _ signal: Int32) -> String {
        lab.daemons.signal(daemon, signal) ? "ok" : "error not running"
    }

    /// All that a lab may leave behind, counted; the lab's own three namespaces and two names are in it.
    private func census() -> String {
        let census = Census.take()
        let rows = SessionRows.count(in: lab)
        let helper = lab.daemons.descriptors(of: .helper)
        let service = lab.daemons.descriptors(of: .service)
        return [
            "census", "processes=\(census.processes.count)", "namespaces=\(census.namespaces.count)",
            "mounts=\(census.namespaceMounts.count)", "names=\(census.names.count)", "links=\(census.links.count)",
            "sessions=\(rows.map { "\($0)" } ?? "unknown")", "helper-descriptors=\(helper.all)",
            "helper-namespaces=\(helper.namespaces)", "service-descriptors=\(service.all)",
            "service-namespaces=\(service.namespaces)",
        ].joined(separator: " ")
    }

    private static func oneLine(_ text: String) -> String {
        text.split(separator: "\n").joined(separator: " | ")
    }
}

/// The sessions that the service knows.
enum SessionRows {
    /// How many there are, held addresses included; nil where the service does not answer.
    static func count(in lab: Lab) -> Int? {
        guard let outcome = try? lab.children.capture(["vipns", "list", "--json"]), outcome.status == 0 else {
            return nil
        }
        // Every session has exactly one state; a whole JSON reader is not worth its weight here.
        return JSONScan(outcome.text).count(ofKey: "state")
    }
}

/// Finds members by name in a JSON text of known shape.
struct JSONScan {
    private let text: String

    init(_ text: String) { self.text = text.filter { !$0.isWhitespace } }

    func count(ofKey key: String) -> Int { values(ofKey: key).count }

    /// The values of every member of that name, as they are written; texts without their quotes.
    func values(ofKey key: String) -> [String] {
        text.split(separator: "\"\(key)\":", omittingEmptySubsequences: false).dropFirst().map { rest in
            String(rest.drop { $0 == "\"" }.prefix { !",}]\"".contains($0) })
        }
    }
}
