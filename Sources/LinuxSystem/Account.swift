internal import Glibc

/// A user as the account database knows it; getpwnam(3).
///
/// Not for programs that have entered a namespace.
public struct Account: Hashable, Sendable {
    /// The login name; the number's text for a user without account.
    public let name: String
    /// The user's number.
    public let uid: UInt32
    /// The user's primary group; the uid for a user without account.
    public let gid: UInt32
    /// The home directory.
    public let home: String
    /// The login shell.
    public let shell: String

    /// Looks up a name, or a number, which needs no account; nil where there is no such name.
    public init?(_ nameOrNumber: String) {
        if let entry = unsafe getpwnam(nameOrNumber) {
            unsafe self.init(entry: entry)
        } else if let uid = UInt32(nameOrNumber), uid != UInt32.max {
            self.init(uid: uid)
        } else {
            return nil
        }
    }

    /// Looks up a number, which needs no account.
    public init(uid: UInt32) {
        if let entry = unsafe getpwuid(uid) {
            unsafe self.init(entry: entry)
        } else {
            self.init(name: "\(uid)", uid: uid, gid: uid, home: "/", shell: "/bin/sh")
        }
    }

    private init(name: String, uid: UInt32, gid: UInt32, home: String, shell: String) {
        self.name = name
        self.uid = uid
        self.gid = gid
        self.home = home
        self.shell = shell
    }

    // Sound: the C library keeps the entry valid until the next call, and all of it is copied here.
    private init(entry: UnsafeMutablePointer<passwd>) {
        let entry = unsafe entry.pointee
        let shell = unsafe String(cString: entry.pw_shell)
        self.init(
            name: unsafe String(cString: entry.pw_name), uid: unsafe entry.pw_uid, gid: unsafe entry.pw_gid,
            home: unsafe String(cString: entry.pw_dir), shell: shell.isEmpty ? "/bin/sh" : shell)
    }
}

/// The number of the group of that name; nil where there is none; getgrnam(3).
public func groupNumber(named name: String) -> UInt32? {
    guard let entry = unsafe getgrnam(name) else { return nil }
    return unsafe entry.pointee.gr_gid
}
