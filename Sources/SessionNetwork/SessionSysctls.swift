internal import Addressing
internal import Glibc
internal import LinuxSystem

/// The settings that a session's namespace has before its link is made.
///
/// `/proc/sys/net` shows the namespace of the thread that opens a file, and of a namespace that is not the machine's first
/// one it shows, or lets change, only what is the namespace's own.
struct SessionSysctls: Sendable {
    private static let defaults = "sys/net/ipv6/conf/default"

    /// Where the files are.
    let tree: ProcTree

    /// Makes sure that a pool's settings leave alone what every session has.
    static func check(_ names: [NetworkSettingName]) throws(NetworkError) {
        guard let refused = names.first(where: \.isOfEverySession) else { return }
        throw NetworkError(
            "set '\(refused)' in a session", .notPermitted, hint: "every session gets it from vipns itself")
    }

    /// Has name servers' rules lead what is sent to a loopback address out of links that are made here later.
    func allowLoopbackRoutes() throws(Errno) { try tree.write("sys/net/ipv4/conf/default/route_localnet", "1") }

    /// Writes a pool's settings and the host's from the thread inside, then those of every session.
    ///
    /// What the host has is root's to know: no message says it.
    func write(_ settings: [NetworkSetting], inherited: [NetworkSetting]) throws(NetworkError) {
        for setting in settings {
            do throws(Errno) {
                try tree.write(setting.name.procPath, setting.value)
            } catch {
                throw NetworkError(
                    "set '\(setting.name)' to '\(setting.value)' in a session", error, hint: Self.hint(for: error))
            }
        }
        for setting in inherited {
            do throws(Errno) {
                try tree.write(setting.name.procPath, setting.value)
            } catch {
                throw NetworkError(
                    "set '\(setting.name)' to the host's value in a session", error, hint: Self.hint(for: error))
            }
        }
        do throws(Errno) {
            // Only the defaults: lo exists already, and keeps its ::1.
            try tree.write("\(Self.defaults)/disable_ipv6", "1")
        } catch .noSuchFile {
            // A host booted with ipv6.disable=1 has no such files, and no IPv6.
        } catch {
            throw NetworkError("set 'net.ipv6.conf.default.disable_ipv6' in a session", error)
        }
    }

    /// Switches IPv6 on for links that are made here later, from a thread inside, with no other addresses than are given.
    ///
    /// A fresh link would take a link-local address by itself, and more from router advertisements, outside of its lease;
    /// no netlink attribute stops that at creation.
    func allowIPv6(for address: IPAddress) throws(NetworkError) {
        // IN6_ADDR_GEN_MODE_NONE is 1; linux/if_link.h.
        for (name, value) in [("accept_ra", "0"), ("autoconf", "0"), ("addr_gen_mode", "1"), ("disable_ipv6", "0")] {
            do throws(Errno) {
                try tree.write("\(Self.defaults)/\(name)", value)
            } catch .noSuchFile {
                throw NetworkError(
                    "give a session address \(address)", Errno(rawValue: EAFNOSUPPORT),
                    hint: "this host has no IPv6: was it booted with 'ipv6.disable=1'?")
            } catch {
                throw NetworkError("set 'net.ipv6.conf.default.\(name)' in a session", error)
            }
        }
    }

    /// The values that the calling thread's namespace has now: the host's.
    ///
    /// Those that everybody may read: the service, who names them, is not root.
    func readInherited(_ names: [NetworkSettingName]) throws(NetworkError) -> [NetworkSetting] {
        try names.map { (name) throws(NetworkError) in
            let text: String
            do throws(Errno) {
                text = try readPublicFile(name.procPath)
            } catch {
                throw NetworkError("read the host's '\(name)' for a session", error)
            }
            // Several numbers stand with tabs between them.
            let value = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            guard let setting = NetworkSetting(name, value) else {
                throw NetworkError("hand the host's '\(name)' down to a session", .invalidArgument)
            }
            return setting
        }
    }

    /// - Throws: EACCES where others than its owner and group may not read it.
    private func readPublicFile(_ path: String) throws(Errno) -> String {
        let file = try tree.open(path, O_RDONLY)
        let raw = file.withRaw { $0 }
        var facts = stat()
        try checked { unsafe fstat(raw, &facts) }
        guard facts.st_mode & S_IROTH != 0 else { throw .permissionDenied }
        return String(decoding: try file.readAll(limit: 4096), as: UTF8.self)
    }

    private static func hint(for error: Errno) -> String? {
        switch error {
        case .noSuchFile, .permissionDenied, .notPermitted:
            "only what each network namespace has for itself can be set, and 'eth0' is made later: use 'default'"
        default: nil
        }
    }
}
