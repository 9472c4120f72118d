internal import Addressing
internal import LinuxSystem

/// The settings that a session's namespace has before its link is made.
///
/// `/proc/sys/net` shows the namespace of the thread that opens a file, and of a namespace that is not the machine's first
/// one it shows, or lets change, only what is the namespace's own.
enum SessionSysctls {
    /// Writes a pool's settings from the thread inside, then those of every session.
    static func write(_ settings: [NetworkSetting]) throws(NetworkError) {
        for setting in settings {
            do throws(Errno) {
                try writeFile(setting.name.path, setting.value)
            } catch {
                throw NetworkError(
                    "set '\(setting.name)' to '\(setting.value)' in a session", error, hint: hint(for: error))
            }
        }
        do throws(Errno) {
            try writeOurs()
        } catch {
            throw NetworkError("set 'net.ipv6.conf.default.disable_ipv6' in a session", error)
        }
    }

    /// A fresh link would take addresses outside of its lease, and no netlink attribute stops that at creation.
    ///
    /// They would come from router advertisements. Until pools carry IPv6 it is off for every link made here later; lo keeps `::1`, because lo
    /// exists already and only the defaults are set.
    private static func writeOurs() throws(Errno) {
        do throws(Errno) {
            try writeFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
        } catch .noSuchFile {
            // A host booted with ipv6.disable=1 has no such files, and no IPv6.
        }
    }

    /// The values that the calling thread's namespace has now: the host's.
    static func readInherited(_ names: [NetworkSettingName]) throws(NetworkError) -> [NetworkSetting] {
        try names.map { (name) throws(NetworkError) in
            let text: String
            do throws(Errno) {
                text = String(decoding: try readFile(name.path, limit: 4096), as: UTF8.self)
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

    private static func hint(for error: Errno) -> String? {
        switch error {
        case .noSuchFile, .permissionDenied, .notPermitted:
            "only what each network namespace has for itself can be set, and 'eth0' is made later: use 'default'"
        default: nil
        }
    }
}
