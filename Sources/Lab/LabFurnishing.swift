internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A lab's own mounts and files.
///
/// What is mounted here never shows on the machine, and goes with the lab.
enum LabFurnishing {
    private static let own = ["vipns-helper", "vipnsd", "vipns"]
    /// The PAM module's file beside the programs: what SwiftPM calls it, and what it is called where it is installed.
    private static let modules = ["libpam_vipns.so", "pam_vipns.so"]

    /// Gives the calling process its own mounts and network, and lays out `/run`.
    ///
    /// - Throws: what failed.
    static func furnish(programs: String, outsidePid: Int32) throws(LabError) {
        try attempt("make a mount and a network namespace") { () throws(Errno) in
            try checked { vipns_unshare(vipns_clone_newns | vipns_clone_newnet) }
        }
        // Slave, not private: what the machine mounts later still arrives, and nothing goes back.
        try mount("/", "make the lab's mounts its own") {
            unsafe Glibc.mount(nil, "/", nil, UInt(MS_REC | MS_SLAVE), nil)
        }
        // Copies of the machine's own pins would keep its namespaces alive as long as the lab.
        for pin in ProcessScan(pid: outsidePid).namespaceMounts() { _ = unsafe vipns_detach_mount(pin.place) }
        try mount("/proc", "mount") { unsafe vipns_mount("proc", "/proc", nil) }
        // Opened before the tmpfs covers /run: a checkout may live under /run/user.
        let sources = Self.own.map { ($0, "\(programs)/\($0)") } + [(runningProgram.name, "/proc/self/exe")]
        let modules = modules.map { ("pam_vipns.so", "\(programs)/\($0)") }
        let files = (sources + modules).map { ($0.0, DescriptorBox?(opening: $0.1)) }
        let unpacked = unpackedPackages(programs).flatMap { DescriptorBox?(opening: $0) }
        try mount("/run", "mount a tmpfs over") { unsafe vipns_mount("tmpfs", "/run", "mode=0755") }
        for path in [LabPaths.names, LabPaths.directory, LabPaths.programs, LabPaths.log, LabPaths.state] {
            try attempt("make directory '\(path)'") { () throws(Errno) in
                try checked { unsafe mkdir(path, 0o755) }
            }
        }
        for (name, box) in files {
            guard let file = box?.take(), unsafe access("\(LabPaths.programs)/\(name)", F_OK) != 0 else { continue }
            try attempt("put program '\(name)' into the lab") { () throws(Errno) in
                try place(file, at: "\(LabPaths.programs)/\(name)")
            }
        }
        let path = "\(LabPaths.programs):" + (environmentValue("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin")
        _ = unsafe setenv("PATH", path, 1)
        if let tree = unpacked?.take() { try show(tree) }
    }

    /// Where `make` unpacks packages that the machine does not have: `PACKAGE/.build/debian/root`.
    private static func unpackedPackages(_ programs: String) -> String? {
        let places = [programs, runningProgram.directory].map { directory in
            directory.split(separator: "/").prefix { $0 != ".build" }.reduce("") { "\($0)/\($1)" }
        }
        return places.map { "\($0)/.build/debian/root" }.first { unsafe access($0, R_OK) == 0 }
    }

    /// Shows unpacked packages where every user can reach them, and puts their programs last in PATH.
    private static func show(_ tree: borrowing OwnedDescriptor) throws(LabError) {
        try attempt("show '\(LabPaths.unpacked)'") { () throws(Errno) in
            try checked { unsafe mkdir(LabPaths.unpacked, 0o755) }
            let source = tree.withRaw { "/proc/self/fd/\($0)" }
            try checked { unsafe vipns_bind_mount(source, LabPaths.unpacked) }
        }
        let folders = ["usr/sbin", "usr/bin", "sbin", "bin"].map { "\(LabPaths.unpacked)/\($0)" }
        _ = unsafe setenv("PATH", ([environmentValue("PATH") ?? ""] + folders).joined(separator: ":"), 1)
    }

    /// Directory and name of the running program, which is in the lab's PATH as well.
    static var runningProgram: (directory: String, name: String) {
        let words = (readSymbolicLink("/proc/self/exe") ?? "/usr/bin/vipns-lab").split(separator: "/")
        return ("/" + words.dropLast().joined(separator: "/"), words.last.map(String.init) ?? "vipns-lab")
    }

    /// Shows a program at `path`, where every user can run it.
    ///
    /// A mount of the file itself reaches it past a private home; one that not everybody may run is copied.
    private static func place(_ file: borrowing OwnedDescriptor, at path: String) throws(Errno) {
        let raw = file.withRaw { $0 }
        var facts = stat()
        try checked { unsafe fstat(raw, &facts) }
        let copy = try OwnedDescriptor.open(path, O_WRONLY | O_CREAT | O_EXCL, mode: 0o755)
        let target = copy.withRaw { $0 }
        if facts.st_mode & 0o005 == 0o005, unsafe vipns_bind_mount("/proc/self/fd/\(raw)", path) == 0 { return }
        var rest = Int(facts.st_size)
        while rest > 0 {
            rest -= try checked { sendfile(target, raw, nil, rest) }
        }
        try checked { fchmod(target, 0o755) }
    }

    private static func mount(_ target: String, _ operation: String, _ body: () -> Int32) throws(LabError) {
        try attempt("\(operation) '\(target)'") { () throws(Errno) in try checked(body) }
    }
}

extension DescriptorBox? {
    /// Opens a file to read; nil where that fails.
    fileprivate init(opening path: String) {
        guard let descriptor = try? OwnedDescriptor.open(path, O_RDONLY) else {
            self = nil
            return
        }
        self = DescriptorBox(descriptor)
    }
}

/// The value of an environment variable; nil where it is not set.
func environmentValue(_ name: String) -> String? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
}
