internal import CLinux
internal import Glibc

/// The MTU of a link of the calling thread's namespace, in octets; netdevice(7), SIOCGIFMTU.
///
/// - Throws: the errno; ENODEV where there is no such link.
public func linkMTU(_ name: String) throws(Errno) -> Int {
    // Any socket will do; the service's unit lets it have no others.
    let socket = OwnedDescriptor(
        adopting: try checked { Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0) })
    let raw = socket.withRaw { $0 }
    return Int(try checked { unsafe vipns_link_mtu(raw, name) })
}
