import Foundation
import Synchronization
import Testing

/// Breaks the daemons at the points that it finds by itself, in a lab, and looks at what is left after each.
///
/// It runs inside of the lab, where a point costs half a second: daemons and strace are its own children. First it
/// *records* which system calls a daemon makes in each piece of work, so that no list of them has to be kept.
///
/// Between any two actions of the plan lies a point: each action is a message on the helper's channel or to a client
/// (sendmsg), a write of the store (pwrite64, fdatasync), a watch or a timer (epoll_ctl, or memory alone, which a kill does
/// not show); what the helper does for it are system calls throughout.
enum FaultHarness {
    /// What is done at each point.
    enum Kind {
        /// A daemon is killed there: at "daemon work call number".
        case kill
        /// A call of a daemon fails there: at "daemon work call error number".
        case fail
    }

    /// What came of the points of one lab.
    fileprivate struct Part: Decodable {
        let all: Int
        let stages: [String: Met]
        let slowest: Double
        let late: [Double]
        let failures: [String]
    }

    /// How many points of a piece of work were tried, and at how many of them the daemon was when it was broken.
    struct Met: Sendable, Decodable {
        var tried = 0
        var met = 0
    }

    /// What came of all.
    struct Report: Sendable {
        /// Points that there are.
        var all = 0
        /// What was tried and met, by daemon and piece of work.
        var stages: [String: Met] = [:]
        /// Points that were chosen.
        var tried: Int { stages.values.reduce(0) { $0 + $1.tried } }
        /// Points at which the daemon was, when it was broken.
        var met: Int { stages.values.reduce(0) { $0 + $1.met } }
        /// Pieces of work in which no point was met.
        var unmet: [String] { stages.filter { $0.value.met == 0 }.keys.sorted() }
        /// The longest time until a daemon was ready again, in seconds; of what was late, the second try's.
        var slowest = 0.0
        /// The times of first tries that were late, in seconds.
        var late: [Double] = []
        /// What was found, by the name of the point: VIPNS_POINT repeats one, or more with ';' between.
        var failures: [String] = []

        fileprivate init(of parts: [Part?]) {
            for case let part? in parts {
                all = max(all, part.all)
                stages.merge(part.stages) { Met(tried: $0.tried + $1.tried, met: $0.met + $1.met) }
                late += part.late
                slowest = max(slowest, part.slowest)
                failures += part.failures
            }
        }
    }

    private static let program = lab + stages + kills + errors + failures

    /// How often each call is made, by daemon and piece of work: recorded once, for all labs and both kinds.
    private static let recording = Task {
        try await withThrowingTaskGroup(of: [String: [String: Int]]?.self) { group in
            let parts = 4
            for part in 0..<parts {
                group.addTask { try await inOwnLab(program + "record(\(part), \(parts))", within: .seconds(300)) }
            }
            return try await group.reduce(into: [:]) { all, part in try all.merge(#require(part)) { $1 } }
        }
    }

    /// Does so many points in some labs at a time, for most of a point's time is waiting.
    static func run(_ kind: Kind, points: Int, within limit: Duration) async throws -> Report {
        if let named = Environment["VIPNS_POINT"] {
            let mine = named.split(separator: ";").filter { $0.split(separator: " ").count == (kind == .kill ? 4 : 5) }
            let start = "go('\(kind)', [tuple(name.split()) for name in \(mine.map(String.init))], \(mine.count))"
            return Report(of: [try await inOwnLab(program + start, within: limit)])
        }
        let calls = String(decoding: try JSONEncoder().encode(try await recording.value), as: UTF8.self)
        let parts = Dose.of(10, full: 8)
        return try await withThrowingTaskGroup(of: Part?.self) { group in
            for part in 0..<parts {
                let start = "go_chosen('\(kind)', \(calls), \(points / parts), \(Dose.seed), \(part), \(parts))"
                group.addTask { try await inOwnLab(program + start, within: limit) }
            }
            return Report(of: try await group.reduce(into: []) { $0.append($1) })
        }
    }

    /// Runs a script in a lab; what keeps it from being done is recorded.
    private static func inOwnLab<Result: Decodable & Sendable>(
        _ script: String, within limit: Duration
    ) async throws -> Result? {
        let result = Mutex<Result?>(nil)
        try await inLab(daemons: false) { lab in
            let found = try run(script, in: lab, within: limit, as: Result.self)
            result.withLock { $0 = found }
        }
        return result.withLock { $0 }
    }

    /// Runs a script of the harness; gives what it says in its last line.
    static func run<Result: Decodable>(
        _ script: String, in lab: TestLab, within limit: Duration, as type: Result.Type
    ) throws -> Result {
        let outcome = try lab.run(["/usr/bin/python3", "-c", script], within: limit)
        guard outcome.status == 0, let line = outcome.output.split(separator: "\n").last else {
            let logs = try lab.run(
                "tail", "-n", "20", "/run/vipns-lab/log/helper.log", "/run/vipns-lab/log/service.log")
            throw TestFailure("\(outcome) \(logs.output)")
        }
        return try JSONDecoder().decode(type, from: Data(line.utf8))
    }

    /// Runs a function of the harness by itself.
    static func run<Result: Decodable>(_ function: String, of part: String, in lab: TestLab, as type: Result.Type)
        throws
        -> Result
    {
        try run(program + part + "\(function)()", in: lab, within: .seconds(120), as: type)
    }
}
