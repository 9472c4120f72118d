internal import CLinux
internal import Glibc
internal import LinuxSystem

/// The laboratory: a host, its LAN and the vipns programs in namespaces of their own, on any Linux machine, for root.
///
/// The value belongs to the lab's init, process 1 of the lab. When that ends, however it ends, the kernel ends every
/// process in the lab, and with them go the mounts, the namespaces and the links. The machine's real network, accounts
/// and files are never touched.
public final class Lab {
    /// What the lab was asked to be.
    public let options: LabOptions
    /// The number of the lab's init outside of the lab, for `nsenter -t`.
    public let outsidePid: Int32
    /// The processes of the lab's init.
    public let children = Children()
    /// The service and the helper.
    public private(set) lazy var daemons = Daemons(children: children)
    /// What a lab with ``LabOptions/logins`` would need and the machine does not have; nil where people can log in.
    public private(set) var missingForLogins: String?
    /// The OpenSSH server of a lab in which people can log in.
    public private(set) lazy var sshServer = SSHServer(children: children)
    private let outer: OwnedDescriptor

    /// What ``enter(_:limit:)`` came to.
    public enum Entry {
        /// This is the lab's init, and here is the lab: do the work, then call ``Lab/leave(_:)``.
        case inside(Lab)
        /// This is the program as it was started: the lab is over.
        case ended(LabReport)
    }

    /// Builds a lab and moves the program into it: first thing in `main`, before there is a second thread.
    ///
    /// The running program is started again, with the same arguments, as the lab's init; there this returns `inside`.
    /// The program itself stays outside, waits, and counts what is left; there this returns `ended`. SIGINT, SIGTERM and
    /// SIGHUP end the lab at any moment, as does the end of `limit`.
    /// - Throws: what failed, root's missing above all.
    public static func enter(_ options: LabOptions, limit: Duration? = nil) throws(LabError) -> Entry {
        guard let text = environmentValue(Supervisor.environmentName) else {
            return .ended(try Supervisor.run(limit: limit))
        }
        return .inside(try Lab(options, invitation: text))
    }

    /// Builds the lab around this process; `invitation` is what the supervisor wrote: its pid and a pipe's descriptor.
    private init(_ options: LabOptions, invitation: String) throws(LabError) {
        _ = unsafe unsetenv(Supervisor.environmentName)
        let numbers = invitation.split(separator: " ").compactMap { Int32($0) }
        // /proc is still the machine's: what stands there counts as outside.
        guard numbers.count == 2, getpid() == 1, let outsidePid = readSymbolicLink("/proc/self").flatMap({ Int32($0) })
        else { throw LabError("cannot build a lab: '\(Supervisor.environmentName)' is set, but not by vipns-lab") }
        self.options = options
        self.outsidePid = outsidePid
        outer = try attempt("reach the lab's supervisor") { () throws(Errno) in
            // A supervisor that has ended before PR_SET_PDEATHSIG was set would leave us alone for ever.
            guard Self.parent() == numbers[0] else { throw .noSuchProcess }
            return try OwnedDescriptor.open("/proc/\(numbers[0])/fd/\(numbers[1])", O_WRONLY)
        }
        try LabFurnishing.furnish(
            programs: options.programs ?? LabFurnishing.runningProgram.directory, outsidePid: outsidePid)
        try LabNetwork.build(prefixLength: options.prefixLength)
        if options.logins != .none { try furnishForLogins() }
    }

    private func furnishForLogins() throws(LabError) {
        missingForLogins = LoginFurnishing.missing
        if let missingForLogins {
            if options.logins == .required { throw LabError("cannot furnish the lab for logins: \(missingForLogins)") }
        } else {
            try LoginFurnishing.furnish(children)
        }
    }

    private static func parent() -> Int32? {
        let status = (try? readTextFile("/proc/self/status")) ?? ""
        return status.split(separator: "\n").first { $0.hasPrefix("PPid:") }.flatMap {
            Int32($0.dropFirst(5).filter { !$0.isWhitespace })
        }
    }

    /// Starts both daemons with the lab's configuration and waits until the service answers.
    ///
    /// - Throws: what failed, with the last lines of both logs.
    public func startDaemons() throws(LabError) {
        try attempt("write '\(LabPaths.configuration)'") { () throws(Errno) in
            try writeFile(LabPaths.configuration, options.configurationText, flags: O_CREAT | O_TRUNC)
            try checked { unsafe chown(LabPaths.state, Daemons.serviceUser, Daemons.serviceUser) }
            try checked { unsafe chmod(LabPaths.state, 0o700) }
        }
        try daemons.start(.helper)
        try daemons.start(.service)
    }

    /// Ends the lab and everything in it; the supervisor exits with `status`.
    public func leave(_ status: Int32) -> Never {
        _ = fflush(nil)
        let raw = outer.withRaw { $0 }
        let word = [UInt8(truncatingIfNeeded: status)]
        // The supervisor looks at what is here, then kills us; where it is gone, so are we in a moment.
        if unsafe write(raw, word, 1) == 1 { _ = poll(nil, 0, 10_000) }
        exit(status)
    }
}
