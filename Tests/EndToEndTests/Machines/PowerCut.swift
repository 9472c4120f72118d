/// What a machine does while its power is cut.
enum PowerCutKind: String, CaseIterable {
    // The first one begins a new store, so that no history grows for 200 boots.
    case start, opens, closes, pruning, repair, upgrade

    /// How many pieces of its work begin before the one in which the power is cut, at most.
    var most: Int {
        switch self {
        case .opens, .closes: 20
        case .start: 3
        case .pruning, .repair, .upgrade: 2
        }
    }

    /// How long a piece of its work takes, until one was measured.
    var usual: Duration {
        switch self {
        case .opens, .closes: .milliseconds(300)
        case .start, .repair: .milliseconds(1500)
        case .upgrade, .pruning: .milliseconds(3000)
        }
    }
}

/// What a machine has told over its console, which the host knows whatever becomes of the machine.
struct PowerCutReports {
    /// Addresses that were handed out, by session.
    private(set) var granted: [String: String] = [:]
    /// Sessions whose close was asked for, and those whose close was answered.
    private(set) var closing: Set<String> = []
    private(set) var closed: Set<String> = []
    /// How many pieces of the work have begun, and how long those took that have ended.
    private(set) var begun = 0
    private(set) var ended: [Duration] = []
    /// Where the store is, once another one was begun: nothing of the former is known to that.
    private(set) var state: String?
    private(set) var error: String?

    /// How many pieces are under way.
    var underWay: Int { begun - ended.count }

    /// Reads the lines of a console; the last may be cut off, and the kernel may have written between.
    init(console: String) {
        // A serial line's end is two characters, which Swift takes for one.
        for line in console.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2, words.first == "@", words.last == "." else { continue }
            take(words[1], words.dropFirst(2).dropLast())
        }
    }

    private mutating func take(_ verb: String, _ rest: ArraySlice<String>) {
        let first = rest.first ?? ""
        switch verb {
        case "begin": begun += 1
        case "end": ended.append(.milliseconds(Int(first) ?? 0))
        case "granted": granted[first] = rest.last
        case "closing": closing.insert(first)
        case "closed": closed.insert(first)
        case "state": (state, granted, closing, closed) = (first, [:], [], [])
        case "error": error = rest.joined(separator: " ")
        default: break
        }
    }
}
