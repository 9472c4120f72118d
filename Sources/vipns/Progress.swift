import Glibc

/// A line on the terminal that tells how far long work is; nothing where standard error is no terminal.
struct Progress {
    private let isShown: Bool
    private let total: Int

    /// Work of so many parts; one alone needs no progress.
    init(of total: Int) {
        self.total = total
        isShown = total > 1 && isatty(STDERR_FILENO) == 1
    }

    /// Replaces the line; `part` says how far it is.
    func show(_ work: String, _ part: Int) {
        if isShown { StandardError.write("\r\(work) \(part) of \(total)\u{1B}[K") }
    }

    /// Takes the line away, before anything else is written.
    func clear() {
        if isShown { StandardError.write("\r\u{1B}[K") }
    }
}
