internal import CLinux
internal import Glibc

/// An error number of the kernel or the C library; errno(3).
public struct Errno: Error, Hashable, Sendable, RawRepresentable {
    /// The positive error number.
    public let rawValue: CInt

    /// Wraps a positive error number.
    public init(rawValue: CInt) { self.rawValue = rawValue }

    /// The calling thread's errno; read it before any other call.
    public static var current: Errno { Errno(rawValue: errno) }

    /// EPERM.
    public static let notPermitted = Errno(rawValue: EPERM)
    /// ENOENT.
    public static let noSuchFile = Errno(rawValue: ENOENT)
    /// ESRCH.
    public static let noSuchProcess = Errno(rawValue: ESRCH)
    /// EINTR.
    public static let interrupted = Errno(rawValue: EINTR)
    /// EAGAIN.
    public static let wouldBlock = Errno(rawValue: EAGAIN)
    /// EACCES.
    public static let permissionDenied = Errno(rawValue: EACCES)
    /// EBUSY.
    public static let busy = Errno(rawValue: EBUSY)
    /// EEXIST.
    public static let fileExists = Errno(rawValue: EEXIST)
    /// ENODEV.
    public static let noSuchDevice = Errno(rawValue: ENODEV)
    /// EINVAL.
    public static let invalidArgument = Errno(rawValue: EINVAL)
    /// ENOSPC.
    public static let noSpace = Errno(rawValue: ENOSPC)
    /// EPIPE.
    public static let brokenPipe = Errno(rawValue: EPIPE)
    /// EMSGSIZE.
    public static let messageSize = Errno(rawValue: EMSGSIZE)
    /// EPROTO.
    public static let protocolError = Errno(rawValue: EPROTO)
    /// ENOBUFS.
    public static let noBufferSpace = Errno(rawValue: ENOBUFS)
    /// EADDRINUSE.
    public static let addressInUse = Errno(rawValue: EADDRINUSE)
    /// ECONNREFUSED.
    public static let connectionRefused = Errno(rawValue: ECONNREFUSED)
    /// ECONNRESET.
    public static let connectionReset = Errno(rawValue: ECONNRESET)
    /// ETIMEDOUT.
    public static let timedOut = Errno(rawValue: ETIMEDOUT)
    /// ENOPROTOOPT.
    public static let noProtocolOption = Errno(rawValue: ENOPROTOOPT)
    /// EOPNOTSUPP.
    public static let notSupported = Errno(rawValue: EOPNOTSUPP)
}

extension Errno: CustomStringConvertible {
    /// The C library's text, such as `Operation not permitted`.
    public var description: String {
        guard let text = unsafe vipns_error_text(rawValue) else { return "error \(rawValue)" }
        return unsafe String(cString: text)
    }
}

/// Calls `body` until it is not interrupted, and turns its -1 into the errno; not for close(2).
///
/// EBADF and EFAULT are faults of our own code and trap.
/// - Throws: the call's errno.
@discardableResult
public func checked<Result: FixedWidthInteger & SignedInteger>(_ body: () -> Result) throws(Errno) -> Result {
    while true {
        let result = body()
        if result != -1 { return result }
        let error = Errno.current
        precondition(error.rawValue != EBADF && error.rawValue != EFAULT, "\(error) from a system call")
        if error != .interrupted { throw error }
    }
}
