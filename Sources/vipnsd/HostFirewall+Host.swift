import Glibc
import LinuxSystem
import ServiceConfiguration

extension HostFirewall {
    /// Where nft is on the distributions.
    private static let programs = ["/usr/sbin/nft", "/sbin/nft", "/usr/bin/nft"]

    /// What this process can tell of this namespace's packet filter; only root is told whether it has rules.
    static func ofThisHost() -> HostFirewall {
        let program = programs.first { unsafe access($0, X_OK) == 0 }
        return HostFirewall(
            hasRules: geteuid() == 0 ? hasLegacyTables || program.map(hasTables) ?? false : nil,
            hasProgram: program != nil)
    }

    /// Tables of iptables-legacy; those of iptables-nft are nft's.
    private static var hasLegacyTables: Bool {
        ["ip", "ip6"].contains { (try? readFile("/proc/net/\($0)_tables_names"))?.isEmpty == false }
    }

    private static func hasTables(_ program: String) -> Bool {
        guard let output = try? UnixSocket.pair(.stream),
            let child = try? ChildProcess(
                program, arguments: ["list", "tables"], output: output.second.withRaw({ $0 }), options: .dieWithParent)
        else { return false }
        let answer = output.keepingFirst()
        let first = answer.isReadable(within: 2000) ? try? UnixSocket.receive(limit: 4096, on: answer).octets : nil
        if first == nil { _ = try? PidDescriptor(pid: child.pid).signal(SIGKILL) }
        _ = try? child.wait()
        return first?.isEmpty == false
    }
}
