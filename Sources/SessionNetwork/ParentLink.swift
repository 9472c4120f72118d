internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The host's link that sessions hang on, looked up anew for each session: it may have been renamed or made again.
enum ParentLink {
    /// The index of a link that is there and up.
    ///
    /// The kernel would make a macvlan on a link that is down, and the session could reach nobody.
    static func index(of name: String) throws(NetworkError) -> Int32 {
        let index = unsafe if_nametoindex(name)
        guard index != 0 else {
            throw NetworkError(
                "use parent link '\(name)'", Errno.current, hint: "see 'ip link' and the pool's 'parent'")
        }
        guard try isUp(name) else {
            throw NetworkError(
                "use parent link '\(name)'", Errno(rawValue: ENETDOWN), hint: "ip link set '\(name)' up")
        }
        return Int32(bitPattern: index)
    }

    private static func isUp(_ name: String) throws(NetworkError) -> Bool {
        do throws(Errno) {
            // netdevice(7), SIOCGIFFLAGS; any socket will do, and sysfs would show the links of the mount's
            // namespace, not of ours.
            let socket = OwnedDescriptor(
                adopting: try checked {
                    Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
                })
            let raw = socket.withRaw { $0 }
            return try checked { unsafe vipns_link_flags(raw, name) } & Int32(IFF_UP) != 0
        } catch {
            throw NetworkError("look at parent link '\(name)'", error)
        }
    }
}
