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
        if let account = unsafe Self.look({ unsafe getpwnam_r(nameOrNumber, $0, $1, $2, $3) }) {
            self = account
        } else if let uid = UInt32(nameOrNumber), uid != UInt32.max {
            self.init(uid: uid)
        } else {
            return nil
        }
    }

    /// Looks up a number, which needs no account.
    public init(uid: UInt32) {
        self =
            unsafe Self.look { unsafe getpwuid_r(uid, $0, $1, $2, $3) }
            ?? Account(name: "\(uid)", uid: uid, gid: uid, home: "/", shell: "/bin/sh")
    }

    private typealias Look = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    /// Calls one of the look-ups that several threads may call at a time, with more and more room.
    ///
    /// Sound: entry and buffer outlive the call, and all that is kept of them is copied.
    private static func look(_ call: Look) -> Account? {
        unsafe withGrowingRoom { room, count in
            var entry = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let status = unsafe call(&entry, room, count, &found)
            return unsafe (status, found.map { unsafe Account(entry: $0) })
        }
    }

    private init(name: String, uid: UInt32, gid: UInt32, home: String, shell: String) {
        self.name = name
        self.uid = uid
        self.gid = gid
        self.home = home
        self.shell = shell
    }

    private init(entry: UnsafeMutablePointer<passwd>) {
        let entry = unsafe entry.pointee
        let shell = unsafe String(cString: entry.pw_shell)
        self.init(
            name: unsafe String(cString: entry.pw_name), uid: unsafe entry.pw_uid, gid: unsafe entry.pw_gid,
            home: unsafe String(cString: entry.pw_dir), shell: shell.isEmpty ? "/bin/sh" : shell)
    }
}

/// Calls `look` with more and more room, until that is enough or unreasonable.
///
/// `look` gives the status and what it found, of which nothing may lie in the room any more.
func withGrowingRoom<Found>(_ look: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Found?)) -> Found? {
    var size = 1024
    while size <= 1 << 20 {
        var buffer = [CChar](repeating: 0, count: size)
        let (status, found) = unsafe buffer.withUnsafeMutableBufferPointer { room -> (Int32, Found?) in
            guard let start = room.baseAddress else { return (ERANGE, nil) }
            return unsafe look(start, room.count)
        }
        if status != ERANGE { return found }
        size *= 4
    }
    return nil
}

/// The number of the group of that name; nil where there is none; getgrnam(3).
public func groupNumber(named name: String) -> UInt32? {
    guard let entry = unsafe getgrnam(name) else { return nil }
    return unsafe entry.pointee.gr_gid
}
