import Testing

/// A system that virtual machines run: which packages it is of, and where `Tests/Machines/build.sh` has put it.
enum MachineSystem: String, CaseIterable, CustomTestStringConvertible {
    /// Linux 6.1, systemd 252, OpenSSH 9.2.
    case debian12
    /// Linux 6.12, systemd 257, OpenSSH 10.
    case debian13

    /// VIPNS_MACHINES: names with commas between them; none without.
    static let chosen = (Environment["VIPNS_MACHINES"] ?? "").split(separator: ",").compactMap {
        Self(rawValue: "\($0)")
    }

    /// VIPNS_MACHINE_TESTS is `all`: also what takes many minutes.
    static let isFull = Environment["VIPNS_MACHINE_TESTS"] == "all"

    /// The folder with disk image, kernel and initial file system.
    ///
    /// - Throws: where it is not built.
    func folder() throws -> String {
        let build = try Running(["\(Project.root)/Tests/Machines/build.sh", rawValue])
        let outcome = try build.end(within: .seconds(600))
        guard outcome.status == 0 else { throw TestFailure("no machine '\(rawValue)': \(outcome.errors)") }
        return outcome.output
    }

    var testDescription: String { rawValue }
}

/// This checkout.
enum Project {
    static let root = #filePath.split(separator: "/").dropLast(5).reduce("") { "\($0)/\($1)" }
}
