import Glibc

/// Standard output, without a buffer: nothing is lost when the process becomes another program.
enum StandardOutput {
    /// Writes a table as wide as the terminal.
    static func write(_ table: Table) { write(table.text(on: .standardOutput)) }

    /// Writes all of `text`; where nobody reads any more the command ends.
    static func write(_ text: String) {
        guard writeAll(text, to: STDOUT_FILENO) else { exit(CommandFailure.failed) }
    }
}

/// Standard error.
enum StandardError {
    /// Writes `text`; there is nobody to tell where that fails.
    static func write(_ text: String) {
        _ = writeAll(text, to: STDERR_FILENO)
    }
}

private func writeAll(_ text: String, to descriptor: CInt) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
        let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 {
            if errno == EINTR { continue }
            return false
        }
        rest = rest.dropFirst(count)
    }
    return true
}
