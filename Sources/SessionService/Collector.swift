internal import Addressing
internal import HelperChannel

/// What the collector has seen that nobody may need any more, and since when; belongs to the service's actor.
struct Collector {
    /// What is suspected, told from every other: the same session of the same boot by the same cookie, or it is another.
    enum Subject: Hashable {
        /// A session whose namespace is gone, though nobody said so.
        case session(SessionID, boot: String, cookie: UInt64)
        /// Kernel objects of no session; numbers and cookies are never given twice in a boot.
        case remains(HelperAnswer.Found)
        /// What is taken in a pool and no session has.
        case place(pool: String, [IPAddress])
    }

    /// When it was first seen.
    struct Suspicion {
        /// In microseconds since boot: no clock that is set may shorten the grace.
        let sinceBoot: Int64
        /// In microseconds since 1970, for people.
        let since: Int64
    }

    var suspects: [Subject: Suspicion] = [:]
    /// The end of the last round: one after the other.
    var lastRound: Task<Void, Never>?
}
