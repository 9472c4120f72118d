internal import LinuxSystem

/// What the account database was asked a moment ago, and what it is being asked.
///
/// It may be a slow directory on the network, or hang. So nobody waits for it for long, those who want the same wait for one
/// answer, and only so many threads are spent on it. Belongs to the service's actor.
struct AccountLookups {
    /// Something that takes the database to tell.
    enum Question: Hashable, Sendable {
        /// The user of that name or number.
        case account(String)
        /// The names of that user's groups.
        case groups(String)

        /// Asks the database, and blocks; nil where it does not tell.
        func ask() -> Answer? {
            do throws(Errno) {
                switch self {
                case .account(let name): return .account(try Account.find(name))
                case .groups(let name): return .groups(try Account.find(name)?.groupNames() ?? [])
                }
            } catch {
                return nil
            }
        }
    }

    /// What came of it.
    enum Answer: Sendable {
        /// Nil where there is no such user.
        case account(Account?)
        /// None where there is no such user.
        case groups(Set<String>)
    }

    /// How long an answer is taken for true, in microseconds.
    private static let lifetime: Int64 = 10_000_000
    /// Questions under way at most: each has a thread.
    private static let most = 32
    /// How long one is waited for; a login waits for 1.6 s in all.
    static let patience = Duration.milliseconds(1000)

    private var known: [Question: (answer: Answer, since: Int64)] = [:]
    private var waiting: [Question: [UInt64: CheckedContinuation<Answer?, Never>]] = [:]
    private var lastWaiter: UInt64 = 0

    /// The answer, where it is known.
    func answer(to question: Question) -> Answer? {
        guard let found = known[question], SystemClock.bootTimeMicroseconds() - found.since < Self.lifetime else {
            return nil
        }
        return found.answer
    }

    /// Whether the question must be asked now, by who says so; nil where too many are.
    mutating func begin(_ question: Question) -> Bool? {
        if waiting[question] != nil { return false }
        guard waiting.count < Self.most else { return nil }
        waiting[question] = [:]
        return true
    }

    /// Adds one who waits, by the number that comes back.
    mutating func wait(for question: Question, _ waiter: CheckedContinuation<Answer?, Never>) -> UInt64 {
        lastWaiter += 1
        waiting[question, default: [:]][lastWaiter] = waiter
        return lastWaiter
    }

    /// Sends one away who has waited for long enough.
    mutating func giveUp(_ question: Question, _ number: UInt64) {
        waiting[question]?.removeValue(forKey: number)?.resume(returning: nil)
    }

    /// Takes the answer, nil where the question could not be asked, and tells all who wait.
    mutating func settle(_ question: Question, _ answer: Answer?) {
        let now = SystemClock.bootTimeMicroseconds()
        known = known.filter { now - $0.value.since < Self.lifetime }
        if let answer, answer.isWorthKeeping { known[question] = (answer, now) }
        for waiter in (waiting.removeValue(forKey: question) ?? [:]).values { waiter.resume(returning: answer) }
    }
}

extension AccountLookups.Answer {
    /// A user that is not there may be made in the next moment.
    fileprivate var isWorthKeeping: Bool {
        switch self {
        case .account(let account): account != nil
        case .groups(let names): !names.isEmpty
        }
    }
}
