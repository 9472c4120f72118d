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

    /// Looks up a name, or a number, which needs no account; nil where there is no such name, as far as can be told.
    public init?(_ nameOrNumber: String) {
        guard let found = (try? Self.find(nameOrNumber)) ?? Self.unnamed(nameOrNumber) else { return nil }
        self = found
    }

    /// The same for those to whom "there is none" and "nobody can tell" are not one.
    ///
    /// - Throws: what kept the account database from telling.
    public static func find(_ nameOrNumber: String) throws(Errno) -> Account? {
        if let found = unsafe try look({ unsafe getpwnam_r(nameOrNumber, $0, $1, $2, $3) }) { return found }
        guard let uid = UInt32(nameOrNumber), uid != UInt32.max else { return nil }
        return unsafe try look { unsafe getpwuid_r(uid, $0, $1, $2, $3) } ?? unnamed(nameOrNumber)
    }

    /// Looks up a number, which needs no account.
    public init(uid: UInt32) {
        let found = unsafe (try? Self.look { unsafe getpwuid_r(uid, $0, $1, $2, $3) }) ?? nil
        self = found ?? Account(unnamed: uid)
    }

    /// A number that has no account.
    private static func unnamed(_ number: String) -> Account? {
        UInt32(number).flatMap { $0 == UInt32.max ? nil : Account(unnamed: $0) }
    }

    private init(unnamed uid: UInt32) {
        self.init(name: "\(uid)", uid: uid, gid: uid, home: "/", shell: "/bin/sh")
    }

    private typealias Look = (
        UnsafeMutablePointer<passwd>, UnsafeMutablePointer<CChar>, Int,
        UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
    ) -> Int32

    /// Calls one of the look-ups that several threads may call at a time, with more and more room.
    ///
    /// Sound: entry and buffer outlive the call, and all that is kept of them is copied.
    private static func look(_ call: Look) throws(Errno) -> Account? {
        unsafe try withGrowingRoom { room, count in
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
/// - Throws: what kept the database from telling; nil is "there is none".
func withGrowingRoom<Found>(
    _ look: (UnsafeMutablePointer<CChar>, Int) -> (Int32, Found?)
) throws(Errno) -> Found? {
    var size = 1024
    while size <= 1 << 20 {
        var buffer = [CChar](repeating: 0, count: size)
        let (status, found) = unsafe buffer.withUnsafeMutableBufferPointer { room -> (Int32, Found?) in
            guard let start = room.baseAddress else { return (ERANGE, nil) }
            return unsafe look(start, room.count)
        }
        // Some libraries say "there is none" by an errno; these say that nobody looked. getpwnam(3), ERRORS.
        if [EAGAIN, EINTR, EIO, EMFILE, ENFILE, ENOMEM].contains(status) { throw Errno(rawValue: status) }
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
