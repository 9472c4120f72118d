// A PAM application for tests: it opens and closes sessions as login programs do, in whatever state it is told to be, and
// tells on standard output what it sees. One fact a line: a word, a blank, the rest.

import CPAM
import Glibc
import LinuxSystem

@main enum PAMCaller {
    static func main() {
        guard let options = Options(Array(CommandLine.arguments.dropFirst())) else {
            print("wrong usage")
            exit(64)
        }
        // A copy as descriptor 3, and no other above 2: so 0 to 2 can be closed, and a limit of 4 is all used.
        guard dup2(1, 3) == 3 else { exit(1) }
        for descriptor in CInt(4)..<256 { _ = close(descriptor) }
        if options.usesThread {
            runOnThread { Caller(options).run() }
        } else {
            Caller(options).run()
        }
    }

    private static func runOnThread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(Work(body))
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, unsafe box.toOpaque())
        guard status == 0 else { exit(1) }
        pthread_join(thread, nil)
    }

    private final class Work {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}

/// Tells one fact; straight to the descriptor, since standard output may be closed.
func tell(_ line: String) {
    let octets = Array("\(line)\n".utf8)
    _ = unsafe write(3, octets, octets.count)
}
