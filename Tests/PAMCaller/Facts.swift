import CPAM
import Glibc
import LinuxSystem

/// What can be seen of this thread without opening a descriptor.
struct Facts {
    /// The inode of the network namespace that the thread is in.
    let namespace: UInt64
    /// The descriptors that are open, and a `!` behind those that a program started now would inherit.
    let descriptors: String

    static var now: Facts {
        let open = (CInt(0)..<1024).compactMap { descriptor -> String? in
            let flags = fcntl(descriptor, F_GETFD)
            return flags < 0 ? nil : "\(descriptor)\(flags & FD_CLOEXEC == 0 ? "!" : "")"
        }
        let identity = try? FileIdentity(path: "/proc/thread-self/ns/net")
        return Facts(namespace: identity?.inode ?? 0, descriptors: open.joined(separator: ","))
    }
}

/// The memory of this process.
enum Memory {
    static func report(as name: String) {
        // The first look costs memory of its own.
        _ = resident()
        tell("memory-\(name) \(resident())")
    }

    private static func resident() -> String {
        guard let status = try? readTextFile("/proc/self/status") else { return "" }
        return status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }.map { $0.filter(\.isNumber) } ?? ""
    }
}

/// The environment that PAM has for the login.
enum Environment {
    static func report(of handle: OpaquePointer) {
        guard let list = unsafe pam_getenvlist(handle) else { return }
        var next = unsafe list
        while let setting = unsafe next.pointee {
            tell(unsafe "env \(String(cString: setting))")
            unsafe free(setting)
            unsafe next += 1
        }
        unsafe free(list)
    }
}

/// The clocks, in microseconds.
enum Clock {
    static func now(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
}

/// Answers nothing and tells what was said, and as what; pam_conv(3).
func converse(
    _ count: CInt, _ messages: UnsafeMutablePointer<UnsafePointer<pam_message>?>?,
    _ responses: UnsafeMutablePointer<UnsafeMutablePointer<pam_response>?>?, _ data: UnsafeMutableRawPointer?
) -> CInt {
    for index in 0..<Int(count) {
        guard let message = unsafe messages?[index]?.pointee, let text = unsafe message.msg else { return PAM_CONV_ERR }
        tell(unsafe "said \(name(ofStyle: message.msg_style)) \(String(cString: text))")
    }
    unsafe responses?.pointee = calloc(Int(count), MemoryLayout<pam_response>.size)?
        .bindMemory(to: pam_response.self, capacity: Int(count))
    return PAM_SUCCESS
}

private func name(ofStyle style: CInt) -> String {
    switch style {
    case PAM_ERROR_MSG: "error"
    case PAM_TEXT_INFO: "info"
    default: "prompt"
    }
}
