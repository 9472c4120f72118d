/// The name of a kernel setting of a network namespace, such as `net.ipv4.tcp_keepalive_time`; sysctl(8).
///
/// It becomes a path under `/proc/sys/net`, so this grammar is checked wherever one comes in: `net.`, then parts of
/// letters, digits, `_` and `-`, with dots between them. No part can lead out of the directory.
public struct NetworkSettingName: Hashable, Sendable, LosslessStringConvertible {
    /// The most octets of a name.
    public static let longest = 127

    /// The name with dots.
    public let description: String

    private static let letters = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-".utf8)

    /// Checks the grammar; nil for anything else.
    public init?(_ text: String) {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard text.utf8.count <= Self.longest, parts.count >= 2,
            parts.first.map({ $0.elementsEqual("net".utf8) }) == true,
            parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(Self.letters.contains) })
        else { return nil }
        description = text
    }

    /// Whether vipns itself gives it in every session: a pool's value could bring addresses that no lease knows.
    ///
    /// A stable secret is among them because it makes the kernel form a link-local address from it.
    public var isOfEverySession: Bool {
        let parts = description.split(separator: ".")
        return parts.count == 5 && parts.starts(with: ["net", "ipv6", "conf"])
            && ["all", "default"].contains(parts[3])
            && ["accept_ra", "addr_gen_mode", "autoconf", "disable_ipv6", "stable_secret"].contains(parts[4])
    }

    /// The file that shows it to a thread of the namespace.
    public var path: String { "/proc/\(procPath)" }

    /// The same below `/proc`, for an instance of it that is mounted nowhere.
    public var procPath: String { "sys/" + String(description.map { $0 == "." ? "/" : $0 }) }
}

/// A kernel setting of a network namespace with its value.
public struct NetworkSetting: Hashable, Sendable, CustomStringConvertible {
    /// The most octets of a value.
    public static let longestValue = 127

    /// The name.
    public let name: NetworkSettingName
    /// The value as it is written into the file: printable ASCII.
    public let value: String

    /// Puts the two together; nil where the value is empty, too long, or has other characters than printable ASCII.
    public init?(_ name: NetworkSettingName, _ value: String) {
        guard (1...Self.longestValue).contains(value.utf8.count), value.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
        else {
            return nil
        }
        self.name = name
        self.value = value
    }

    /// `NAME = VALUE`, as sysctl(8) prints it.
    public var description: String { "\(name) = \(value)" }
}

/// How a session's namespace is made ready before it has its link: what its pool asks for.
public struct NamespacePreparation: Hashable, Sendable {
    /// The most settings, and the most inherited ones.
    public static let mostSettings = 64
    /// The most octets of a firewall's path.
    public static let longestPath = 1023

    /// Settings with the values that the pool gives them.
    public var settings: [NetworkSetting]
    /// Settings that get the value that the host has at that time.
    public var inherited: [NetworkSettingName]
    /// The path of an nftables script that is loaded inside; nil for none.
    public var firewall: String?
    /// Who answers in place of the host's name servers; nil where nobody does.
    public var nameServers: NameServerRedirection?

    /// What a pool asks for; nothing by default.
    public init(
        settings: [NetworkSetting] = [], inherited: [NetworkSettingName] = [], firewall: String? = nil,
        nameServers: NameServerRedirection? = nil
    ) {
        self.settings = settings
        self.inherited = inherited
        self.firewall = firewall
        self.nameServers = nameServers
    }

    /// Whether `path` can be a firewall's: absolute, without `.`, `..`, empty parts and control characters.
    ///
    /// It is a line of the helper's allowance, so no character may end one.
    public static func isFirewallPath(_ path: String) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst()
        return path.utf8.first == UInt8(ascii: "/") && path.utf8.count <= longestPath
            && path.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }
            && parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) }
    }
}
