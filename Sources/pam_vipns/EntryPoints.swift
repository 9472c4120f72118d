// Theory of operation
//
// libpam loads this module into sshd, login, su: programs of others, as root. It asks the session service over its socket
// what is to become of a login, receives a network namespace, checks it, moves the calling thread in, and says so on the
// same connection. When the login ends it moves the thread back and says that too. It decides nothing.
//
// Three rules shape the code. It takes a bounded time: one deadline per call covers connecting, asking and reading. It does
// not harm its host: no thread, child, signal handler, exit, environment, nor a trap: what came from outside is read
// through checked accessors that give nothing past the end, and arithmetic wraps. And a login never ends up half-made:
// whatever fails after setns(2) leads back to the namespace that the caller came from.
//
// What the service sends is read by ReplyReader, the one parser here; what it hands over is checked in Namespace. Where
// the service cannot be used, the argument `fail=` decides: `open` goes on without a session, `closed` refuses the login.
//
// The folder is built twice: as `pam_vipns` in Embedded Swift, which is what is installed, and as `PAMModule` for tests.

internal import CPAM

/// How long each phase may take, connecting included; together no more than the 2 s that a login may be delayed.
enum TimeLimit {
    static var accountMilliseconds: Int64 { 300 }
    static var openMilliseconds: Int64 { 1600 }
    static var takeBackMilliseconds: Int64 { 100 }
    static var closeMilliseconds: Int64 { 500 }
}

/// The arguments of a line in the PAM configuration, as libpam hands them over.
public typealias ArgumentVector = UnsafeMutablePointer<UnsafePointer<CChar>?>

/// Tells before the login whether it would be refused for want of an address; pam_sm_acct_mgmt(3).
@c(pam_sm_acct_mgmt)
public func checkAccount(_ handle: OpaquePointer?, _ flags: CInt, _ count: CInt, _ arguments: ArgumentVector?) -> CInt {
    guard let handle = unsafe handle else { return PAM_SYSTEM_ERR }
    return withDescriptorRoom {
        unsafe Transaction(handle: handle, flags: flags, count: count, arguments: arguments).checkAccount()
    }
}

/// Moves the login into its session; pam_sm_open_session(3).
@c(pam_sm_open_session)
public func openSession(_ handle: OpaquePointer?, _ flags: CInt, _ count: CInt, _ arguments: ArgumentVector?) -> CInt {
    guard let handle = unsafe handle else { return PAM_SYSTEM_ERR }
    return withDescriptorRoom {
        unsafe Transaction(handle: handle, flags: flags, count: count, arguments: arguments).openSession()
    }
}

/// Moves the caller back and leaves the session; pam_sm_close_session(3).
@c(pam_sm_close_session)
public func closeSession(_ handle: OpaquePointer?, _ flags: CInt, _ count: CInt, _ arguments: ArgumentVector?) -> CInt {
    guard let handle = unsafe handle else { return PAM_SYSTEM_ERR }
    return withDescriptorRoom {
        unsafe Transaction(handle: handle, flags: flags, count: count, arguments: arguments).closeSession()
    }
}
