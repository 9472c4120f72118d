/// How a lab is furnished: where its programs come from, and what its configuration says.
public struct LabOptions: Hashable, Sendable {
    /// The directory of `vipns-helper`, `vipnsd` and `vipns`; nil for that of the running program.
    public var programs: String?
    /// The pool's ranges, as in the configuration file.
    public var ranges: [String] = ["10.77.0.101-10.77.0.103"]
    /// Length of the LAN's network part: 24, or less for more than some 250 sessions.
    public var prefixLength = 24
    /// How long an address rests, as in the configuration file.
    public var hold = "100ms"
    /// What happens when the pool is empty, as in the configuration file.
    public var exhaustion = "share"
    /// What happens to processes that are left, as in the configuration file.
    public var leftovers = "wait"
    /// More lines of the pool, such as `mode: private`.
    public var poolLines: [String] = []
    /// Whether people can log in.
    public var logins = Logins.none
    /// A whole configuration in place of all that.
    public var configuration: String?

    /// Whether a lab has accounts, PAM stacks with the module, and what login programs need besides.
    public enum Logins: Hashable, Sendable {
        /// It has not.
        case none
        /// It has where the machine has the programs: see ``Lab/missingForLogins``.
        case wherePossible
        /// It has, or it is not built.
        case required
    }

    /// The pool of three addresses that the demo uses.
    public init() {}

    /// The text of the configuration file.
    public var configurationText: String {
        if let configuration { return configuration }
        let lines =
            [
                "ranges: [\(ranges.joined(separator: ", "))]",
                "prefix: 10.77.0.0/\(prefixLength)",
                "gateway: \(LabNetwork.neighbourAddress)",
                "parent: \(LabNetwork.parentLink)",
                "hold: \(hold)",
                "exhaustion: \(exhaustion)",
                "leftovers: \(leftovers)",
            ] + poolLines
        return "pools:\n  lab:\n" + lines.map { "    \($0)\n" }.joined()
    }
}
