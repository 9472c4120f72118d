import Testing

/// What PAMCaller told, and what was logged meanwhile.
struct Run: Sendable {
    /// Everything, for when a test fails.
    let output: String
    /// `<PRIORITY> pam_vipns(login:session): TEXT`, one each.
    let log: [String]

    /// The rests of the lines that begin with `word`.
    func all(_ word: String) -> [String] {
        output.split(separator: "\n").filter { $0.hasPrefix("\(word) ") }.map { String($0.dropFirst(word.count + 1)) }
    }

    /// The rest of the only line that begins with `word`.
    func only(_ word: String) throws -> String {
        let all = all(word)
        try #require(all.count == 1, "\(word) in: \(output)")
        return all[0]
    }

    /// One call of a phase.
    struct Call: Sendable {
        let status: Int
        let passedMicroseconds: Int
        let workedMicroseconds: Int

        /// Whether its own limit has ended it: a busy machine may keep a process waiting for seconds more, but not for ever.
        func hasEnded(by limit: Duration) -> Bool { .microseconds(passedMicroseconds) < limit + .seconds(5) }
    }

    /// All calls of `account`, `open` or `close`.
    func calls(_ name: String) throws -> [Call] {
        try all(name).map { line in
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            try #require(numbers.count == 3)
            return Call(status: numbers[0], passedMicroseconds: numbers[1], workedMicroseconds: numbers[2])
        }
    }

    /// The only call of a phase.
    func call(_ name: String) throws -> Call {
        let calls = try calls(name)
        try #require(calls.count == 1, "\(name) in: \(output)")
        return calls[0]
    }

    /// Whether the namespace was another one inside.
    var hasMoved: Bool {
        get throws { try only("inside") != only("before") }
    }

    /// Whether the caller stood in the end where it had stood before.
    var isBack: Bool {
        get throws { try only("after") == only("before") }
    }

    /// How many descriptors there are in the end that were not there before, one of which is the C library's to the log.
    ///
    /// - Throws: where one of them is below 3, or would be inherited.
    func descriptorsGained(_ word: String = "descriptors") throws -> Int {
        let texts = try only("descriptors").split(separator: " ").map { $0.split(separator: ",") }
        let end = word == "descriptors" ? texts[1] : try only(word).split(separator: ",")
        let gained = end.filter { !texts[0].contains($0) }
        try #require(gained.allSatisfy { (Int($0) ?? 0) >= 3 }, "\(gained)")
        try #require(end.count - gained.count == texts[0].count, "one is gone: \(end)")
        return gained.count
    }

    /// Whether a line was logged with this text in it.
    func hasLogged(_ text: String) -> Bool { log.contains { $0.contains(text) } }
}

/// pam_strerror(3) knows more of them.
enum Status {
    static let success = 0
    static let systemError = 4
    static let permissionDenied = 6
    static let sessionError = 14
}
