import Glibc
import LinuxSystem

/// Standard output, without a buffer: nothing is lost when the process becomes another program.
enum StandardOutput {
    /// Writes a table as wide as the terminal.
    static func write(_ table: Table) { write(table.text(on: .standardOutput)) }

    /// Writes all of `text`; where that fails the command ends, without a word where it is that nobody reads any more.
    static func write(_ text: String) {
        do throws(Errno) {
            try writeAll(text, to: STDOUT_FILENO)
        } catch {
            if error != .brokenPipe { CommandFailure("cannot write to standard output: \(error)").report() }
            exit(CommandFailure.failed)
        }
    }
}

/// Standard error.
enum StandardError {
    /// Writes `text`; there is nobody to tell where that fails.
    static func write(_ text: String) {
        try? writeAll(text, to: STDERR_FILENO)
    }
}
