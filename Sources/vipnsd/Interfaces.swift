import Addressing
import Glibc

/// One address of a link of this namespace, or none for a link without any.
struct InterfaceAddress: Hashable, Sendable {
    /// The link's name.
    let link: String
    /// The address and the length of its network part.
    let address: IPPrefix?
}

/// All addresses of all links of the calling thread's namespace; getifaddrs(3).
///
/// Empty where they cannot be read.
func interfaceAddresses() -> [InterfaceAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var found: [InterfaceAddress] = []
    var next = unsafe list
    while let entry = unsafe next?.pointee {
        let address = unsafe octets(entry.ifa_addr).flatMap { IPAddress(octets: $0) }
        let mask = unsafe octets(entry.ifa_netmask) ?? []
        let length = mask.reduce(0) { $0 + $1.nonzeroBitCount }
        found.append(
            InterfaceAddress(
                link: unsafe String(cString: entry.ifa_name), address: address.flatMap { IPPrefix($0, length: length) })
        )
        unsafe next = entry.ifa_next
    }
    return found
}

/// The 4 or 16 octets of an IP socket address; nil for any other family.
///
/// Sound because the family says which structure the pointer leads to; sockaddr(3type).
private func octets(_ address: UnsafeMutablePointer<sockaddr>?) -> [UInt8]? {
    guard let address = unsafe address else { return nil }
    let start = UnsafeRawPointer(address)
    switch Int32(unsafe address.pointee.sa_family) {
    case AF_INET: return unsafe Array(UnsafeRawBufferPointer(start: start + 4, count: 4))
    case AF_INET6: return unsafe Array(UnsafeRawBufferPointer(start: start + 8, count: 16))
    default: return nil
    }
}
