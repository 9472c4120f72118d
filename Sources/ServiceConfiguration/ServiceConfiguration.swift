public import Addressing
public import Leasing

/// A span of addresses that sessions may get on one parent link; the helper refuses all others.
public struct AllowedRange: Hashable, Sendable, CustomStringConvertible {
    /// Name of the parent link.
    public let parent: String
    /// The addresses.
    public let range: IPRange

    /// Makes an entry of the allowance.
    public init(parent: String, range: IPRange) {
        self.parent = parent
        self.range = range
    }

    /// `PARENT FIRST-LAST`, with both ends even for a single address.
    public var description: String { "\(parent) \(range.first)-\(range.last)" }
}

/// What the configuration file says, checked and with every default filled in.
///
/// Stored at `/etc/vipns/vipns.yaml`, written by the administrator, read by the service at start and on reload and by
/// its child `vipnsd --allowance`; lives as long as the installation. The format has no version: keys are only added.
public struct ServiceConfiguration: Hashable, Sendable {
    /// The pools in the order of the file, one at least; the first is the default.
    public let pools: [Pool]
    /// Name of the group whose members may list and close all sessions; nil for root alone.
    public let operators: String?
    /// How long history is kept after a session's end; nil for ever.
    public let historyKeep: Duration?
    /// What logins get.
    public let loginRules: LoginRules

    /// Makes a configuration from parts that were checked; without rules, the usual logins get the first pool.
    public init(
        pools: [Pool], operators: String?, historyKeep: Duration? = nil, loginRules: LoginRules? = nil
    ) {
        self.pools = pools
        self.operators = operators
        self.historyKeep = historyKeep
        self.loginRules = loginRules ?? pools.first.map { .standard(pool: $0.name) } ?? LoginRules([])
    }

    /// The addresses that the helper may put on links.
    public var allowance: [AllowedRange] {
        pools.flatMap { pool in pool.networks.flatMap(\.ranges).map { AllowedRange(parent: pool.parent, range: $0) } }
    }

    /// The firewalls that the helper may load, each once.
    public var allowedFirewalls: [String] { Set(pools.compactMap(\.preparation.firewall)).sorted() }

    /// The allowance as the helper reads it: a line `PARENT FIRST-LAST` or `/PATH` each.
    public var allowanceText: String {
        (allowance.map(\.description) + allowedFirewalls).map { "\($0)\n" }.joined()
    }
}

/// What came of reading a configuration file.
public struct ConfigurationReading: Hashable, Sendable {
    /// The configuration; nil where a problem is an error.
    public let configuration: ServiceConfiguration?
    /// Every problem, in the order of the file.
    public let problems: [ConfigurationProblem]

    init(_ configuration: ServiceConfiguration?, _ list: ProblemList) {
        self.configuration = list.hasErrors ? nil : configuration
        self.problems = list.sorted()
    }
}
