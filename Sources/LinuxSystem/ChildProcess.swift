internal import CLinux
internal import Glibc

/// A program started by this process, waited for by its pidfd.
///
/// Dropping the value neither ends nor reaps the child; call ``wait()``, or see ``ShortLivedChild``.
public struct ChildProcess: ~Copyable, Sendable {
    /// The child's number, valid until it is waited for.
    public let pid: Int32

    /// The user and group that a child changes to, losing all supplementary groups.
    public struct Identity: Hashable, Sendable {
        /// The user.
        public let uid: UInt32
        /// The group.
        public let gid: UInt32

        /// Puts the two together.
        public init(uid: UInt32, gid: UInt32) {
            self.uid = uid
            self.gid = gid
        }
    }

    /// What a child is bound to.
    public struct Options: OptionSet, Sendable {
        /// The bits.
        public let rawValue: Int
        /// For the option set.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// The child is killed when the thread that started it ends; prctl(2), PR_SET_PDEATHSIG.
        public static let dieWithParent = Options(rawValue: 1)
        /// The child leaves the caller's terminal, as daemons do that init starts; setsid(2).
        ///
        /// A Ctrl-C there does not reach it, and the kernel shares time out to it as to each that left (autogroup, sched(7)).
        public static let detached = Options(rawValue: 2)
    }

    /// Starts `program` (a path; PATH is not searched).
    ///
    /// A descriptor of -1 becomes /dev/null; all others are closed.
    ///
    /// - Throws: the errno of what failed in the child, execve(2) included.
    public init(
        _ program: String, arguments: [String], environment: [String]? = nil, input: CInt = -1, output: CInt = -1,
        error: CInt = -1, identity: Identity? = nil, options: Options = []
    ) throws(Errno) {
        let argumentList = CStringList([program] + arguments)
        let environmentList = environment.map { CStringList($0) }
        pid = try checked {
            unsafe program.withCString { path in
                var child = unsafe vipns_child()
                unsafe child.program = path
                unsafe child.arguments = UnsafePointer(argumentList.pointers)
                unsafe child.environment = UnsafePointer(environmentList?.pointers ?? environ)
                unsafe child.input = input
                unsafe child.output = output
                unsafe child.error = error
                unsafe child.set_ids = identity == nil ? 0 : 1
                unsafe child.uid = identity?.uid ?? 0
                unsafe child.gid = identity?.gid ?? 0
                unsafe child.die_with_parent = options.contains(.dieWithParent) ? 1 : 0
                unsafe child.detached = options.contains(.detached) ? 1 : 0
                return unsafe vipns_spawn(&child)
            }
        }
    }

    /// How a child ended.
    public enum Ending: Hashable, Sendable {
        /// It exited with this status.
        case exited(CInt)
        /// This signal ended it.
        case signalled(CInt)

        /// Reads what waitpid(2) gives for a process that has ended.
        public init(waitStatus status: CInt) {
            let signal = status & 0x7f
            self = signal == 0 ? .exited(status >> 8 & 0xff) : .signalled(signal)
        }

        /// What a shell would report: the status, or 128 and the signal's number.
        public var shellStatus: CInt {
            switch self {
            case .exited(let status): status
            case .signalled(let signal): 128 + signal
            }
        }
    }

    /// Waits until the child has ended and reaps it; waitpid(2).
    ///
    /// - Throws: ECHILD where somebody else reaped it.
    public consuming func wait() throws(Errno) -> Ending { try Self.wait(for: pid) }

    static func wait(for pid: Int32) throws(Errno) -> Ending {
        var status: CInt = 0
        try checked { unsafe waitpid(pid, &status, 0) }
        return Ending(waitStatus: status)
    }
}

/// A NULL-terminated array of C strings, freed with the value.
///
/// Sound because only this class touches the memory: it is written once, in `init`, and freed once, in `deinit`.
@safe public final class CStringList {
    /// As execve(2) wants it; valid as long as this value is.
    public let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    /// Copies `strings`.
    public init(_ strings: [String]) {
        unsafe pointers = .allocate(capacity: strings.count + 1)
        for (index, string) in strings.enumerated() {
            unsafe (pointers + index).initialize(to: strdup(string))
        }
        unsafe (pointers + strings.count).initialize(to: nil)
    }

    deinit {
        var next = unsafe pointers
        while let string = unsafe next.pointee {
            unsafe free(string)
            unsafe next += 1
        }
        unsafe pointers.deallocate()
    }
}
