internal import Glibc
internal import LinuxSystem

/// Sends octets and any number of descriptors in one message, as only a hostile peer does; cmsg(3) by hand.
public func sendOctets(_ octets: [UInt8], with descriptors: [Int32], on socket: Int32) throws {
    let size = 16 + descriptors.count * 4
    let control = UnsafeMutableRawPointer.allocate(byteCount: (size + 7) & ~7, alignment: 8)
    defer { unsafe control.deallocate() }
    unsafe control.storeBytes(of: size, as: Int.self)
    unsafe control.storeBytes(of: SOL_SOCKET, toByteOffset: 8, as: Int32.self)
    // SCM_RIGHTS
    unsafe control.storeBytes(of: 1, toByteOffset: 12, as: Int32.self)
    for (index, descriptor) in descriptors.enumerated() {
        unsafe control.storeBytes(of: descriptor, toByteOffset: 16 + index * 4, as: Int32.self)
    }
    var octets = octets
    try unsafe octets.withUnsafeMutableBytes { octets in
        var part = unsafe iovec(iov_base: octets.baseAddress, iov_len: octets.count)
        try unsafe withUnsafeMutablePointer(to: &part) { part in
            var message = unsafe msghdr()
            unsafe message.msg_iov = part
            unsafe message.msg_iovlen = 1
            if !descriptors.isEmpty {
                unsafe message.msg_control = control
                unsafe message.msg_controllen = (size + 7) & ~7
            }
            try checked { unsafe sendmsg(socket, &message, CInt(MSG_NOSIGNAL)) }
        }
    }
}
