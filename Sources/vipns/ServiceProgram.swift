import Glibc
import LinuxSystem

/// The vipnsd that belongs to this program, for what is its business without a service.
enum ServiceProgram {
    /// Becomes it.
    ///
    /// - Throws: why that failed.
    static func run(_ arguments: [String]) throws(CommandFailure) {
        let program = path()
        let words = CStringList([program] + arguments)
        _ = unsafe execv(program, words.pointers)
        throw CommandFailure("cannot run '\(program)': \(Errno.current) (is vipnsd installed?)")
    }

    private static func path() -> String {
        let installed = "/usr/sbin/vipnsd"
        guard let resolved = unsafe realpath("/proc/self/exe", nil) else { return installed }
        defer { unsafe free(resolved) }
        let own = unsafe String(cString: resolved)
        let folder = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex)
        // In a build's folder both are side by side; installed, one is in bin and the other in sbin.
        let candidates = ["\(folder)/vipnsd", "\(folder)/../sbin/vipnsd"]
        return candidates.first { unsafe access($0, X_OK) == 0 } ?? installed
    }
}
