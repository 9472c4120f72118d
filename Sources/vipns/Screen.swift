import Glibc
import LinuxSystem

/// What text is made for: a terminal with its width and colours, or a file, where nothing is cut and nothing coloured.
struct Screen {
    /// The width of the terminal; nil where text may be of any width.
    var columns: Int?
    /// Whether text may be coloured.
    var hasColours = false
    /// What stands for the rest of a cut text.
    var ellipsis = "~"

    /// A file or a pipe.
    static let plain = Screen()

    /// Where standard output leads to.
    ///
    /// NO_COLOR (no-color.org) and a terminal that calls itself dumb get no colours.
    static var standardOutput: Screen { Screen(descriptor: STDOUT_FILENO) }

    private init(columns: Int? = nil) { self.columns = columns }

    /// What a descriptor leads to.
    init(descriptor: Int32) {
        guard let columns = Terminal.columns(of: descriptor) else { return }
        // A serial line does not know its width.
        self.columns = columns > 0 ? columns : 80
        hasColours = Caller.variable("NO_COLOR") == nil && Caller.variable("TERM").map { $0 != "dumb" } ?? false
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap(Caller.variable).first ?? ""
        if locale.lowercased().contains("utf") { ellipsis = "…" }
    }

    /// A terminal of that width, for tests.
    init(columns: Int, hasColours: Bool) {
        self.columns = columns
        self.hasColours = hasColours
    }

    /// `text` in a style, where this screen has any.
    func styled(_ text: String, _ style: Style?) -> String {
        guard hasColours, let style else { return text }
        return "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m"
    }
}

/// How text stands out; console_codes(4), "ECMA-48 Select Graphic Rendition".
enum Style: Int {
    case bold = 1
    case dim = 2
    case red = 31
    case green = 32
    case yellow = 33

    /// The style of a word that tells a state, a kind of event, or an outcome: what needs a look stands out.
    init?(state word: Substring) {
        switch word {
        case "active", "granted", "opened", "entered", "listen": self = .green
        case "allocating", "lingering", "closing", "isolated", "shared": self = .yellow
        case "quarantined", "denied", "refused", "failed": self = .red
        case "free", "freed", "held", "closed": self = .dim
        default: return nil
        }
    }
}
