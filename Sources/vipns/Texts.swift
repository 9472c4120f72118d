import ClientAPI
import LinuxSystem

/// How long something took or has lasted, in the two largest units: `12s`, `3m12s`, `5h03m`, `2d4h`.
func durationText(microseconds: Int64) -> String {
    let seconds = max(0, microseconds / 1_000_000)
    switch seconds {
    case ..<60: return "\(seconds)s"
    case ..<3600: return "\(seconds / 60)m\(twoDigits(seconds % 60))s"
    case ..<86_400: return "\(seconds / 3600)h\(twoDigits(seconds % 3600 / 60))m"
    default: return "\(seconds / 86_400)d\(seconds % 86_400 / 3600)h"
    }
}

/// A moment in the local time zone, as `2026-11-23 14:05:06`.
func timeText(microseconds: Int64) -> String {
    let seconds = microseconds / 1_000_000
    return CalendarTime(localSeconds: seconds)?.text ?? "@\(seconds)"
}

/// The end of something that began at `start`: the time alone where that was on the same day.
func endText(microseconds: Int64, start: Int64) -> String {
    let end = timeText(microseconds: microseconds)
    let begin = timeText(microseconds: start)
    return end.prefix(10) == begin.prefix(10) ? String(end.dropFirst(11)) : end
}

/// An address, or a pair.
func pairText(_ address: String, _ paired: String?) -> String { paired.map { "\(address), \($0)" } ?? address }

extension Session {
    /// Its address or pair; nil where it has none.
    var addressText: String? { address.map { pairText($0, pairedAddress) } }

    /// How old it is now, by the clock that does not jump.
    var ageText: String {
        durationText(microseconds: SystemClock.bootTimeMicroseconds() - openedBoot)
    }

    /// The first leader, and how many more there are; nil where there is none.
    var leaderText: String? {
        guard let first = leaders.first else { return nil }
        return leaders.count == 1 ? "\(first)" : "\(first) +\(leaders.count - 1)"
    }

    /// Whether nothing of it is left but an address that rests.
    var isGone: Bool {
        switch state {
        case .held, .quarantined: true
        case .allocating, .active, .lingering, .closing: false
        }
    }
}
