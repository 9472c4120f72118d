import Glibc
import LinuxSystem

/// Where the built programs are.
enum Programs {
    /// VIPNS_PROGRAMS, else where the tests were built to.
    static let folder: String = {
        if let named = Environment["VIPNS_PROGRAMS"] { return named }
        // swift-testing runs in the test bundle itself, or in a runner of the toolchain that is told where the bundle is.
        let candidates = [readSymbolicLink("/proc/self/exe") ?? ""] + CommandLine.arguments
        let folders = candidates.map { $0.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } }
        return folders.first { unsafe access("\($0)/vipns-lab", X_OK) == 0 } ?? folders.first ?? "."
    }()

    static func path(_ name: String) -> String { "\(folder)/\(name)" }
}

/// The interpreter that has the modules `varlink` and `asyncvarlink`.
enum Python {
    /// VIPNS_TEST_PYTHON, else the virtual environment at the package's root.
    static let path: String = {
        if let named = Environment["VIPNS_TEST_PYTHON"] { return named }
        let built = Programs.folder.split(separator: "/").prefix { $0 != ".build" }.reduce("") { "\($0)/\($1)" }
        let root = #filePath.split(separator: "/").dropLast(4).reduce("") { "\($0)/\($1)" }
        let candidates = [root, built].map { "\($0)/.build-python/bin/python" }
        return candidates.first { unsafe access($0, X_OK) == 0 } ?? candidates[0]
    }()

    static let isAvailable = unsafe access(path, X_OK) == 0
}
