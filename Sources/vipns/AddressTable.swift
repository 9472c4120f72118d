import ClientAPI
import LinuxSystem

/// Why each address of a pool is in its state, as a table.
enum AddressTable {
    /// One row an address, or a row of free ones.
    static func table(_ addresses: [PoolAddress]) -> Table {
        var table = Table("ADDRESS", "STATE", "USER", "SESSION", "WHY")
        for address in addresses {
            let span = pairText(
                span(address.first, address.last),
                address.pairedFirst.map { self.span($0, address.pairedLast ?? $0) })
            table.add(span, address.state.rawValue, address.session?.user, address.session?.id, why(address))
        }
        return table
    }

    private static func span(_ first: String, _ last: String) -> String {
        first == last ? first : "\(first)-\(last)"
    }

    /// What keeps the address from being granted; nil where nothing does.
    private static func why(_ address: PoolAddress) -> String? {
        var words: [String] = []
        if let session = address.session {
            words.append(address.state == .leased ? life(session) : rest(session))
        } else if address.state != .free, address.text == nil {
            words.append("the session is not yours to see")
        }
        if let text = address.text { words.append(text) }
        return words.isEmpty ? nil : words.joined(separator: ": ")
    }

    private static func life(_ session: Session) -> String {
        let opened = "since \(timeText(microseconds: session.opened)) by \(session.service)"
        switch session.state {
        case .allocating: return "is being made, \(opened)"
        case .active: return session.leaders.isEmpty ? "reserved, \(opened)" : opened
        case .lingering: return "no leader is left, other processes are; \(opened)"
        case .closing, .held, .quarantined: return "is being taken apart, \(opened)"
        }
    }

    private static func rest(_ session: Session) -> String {
        let left = session.heldUntilBoot.map { $0 - SystemClock.bootTimeMicroseconds() } ?? 0
        // A rest of half a second is not over.
        return left > 0 ? "rests for \(durationText(microseconds: left + 999_999)) more" : "its rest is over"
    }
}
