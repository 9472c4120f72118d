/// Whether `pattern` stands for the whole of `text`: `*` is any number of characters, `?` is one, all else is itself.
///
/// Takes time in proportion to the product of both lengths at most, whatever the pattern.
func fits(_ text: String, _ pattern: String) -> Bool {
    let text = Array(text.unicodeScalars)
    let pattern = Array(pattern.unicodeScalars)
    var (place, textPlace) = (0, 0)
    // Where the last star stands, and up to where it reaches so far: only this one ever needs another try.
    var star: (place: Int, reach: Int)?
    while textPlace < text.count {
        if place < pattern.count, pattern[place] == "*" {
            star = (place, textPlace)
            place += 1
        } else if place < pattern.count, pattern[place] == "?" || pattern[place] == text[textPlace] {
            place += 1
            textPlace += 1
        } else if let last = star {
            star = (last.place, last.reach + 1)
            (place, textPlace) = (last.place + 1, last.reach + 1)
        } else {
            return false
        }
    }
    return pattern[place...].allSatisfy { $0 == "*" }
}

/// Whether a pattern stands for more than itself.
func hasWildcard(_ pattern: String) -> Bool { pattern.utf8.contains { $0 == 0x2A || $0 == 0x3F } }

/// A terminal as rules call it: programs say `/dev/pts/0` or `pts/0`, as they please.
func withoutDeviceFolder(_ tty: String) -> String { tty.hasPrefix("/dev/") ? String(tty.dropFirst(5)) : tty }
